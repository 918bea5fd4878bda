"""Check an IBAN and a European VAT number before money moves."""

import re
from typing import Annotated, TypedDict

__version__ = "1.0.0"
SAMPLE = {"iban": "DE89 3704 0044 0532 0130 00", "vat_number": "DE136695976"}

IBAN_LENGTHS = {
    "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18,
    "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "SI": 19, "SK": 24,
}  # fmt: skip
VAT_FORMATS = {
    "AT": r"U\d{8}", "BE": r"[01]\d{9}", "CZ": r"\d{8,10}", "DE": r"\d{9}", "DK": r"\d{8}",
    "ES": r"[A-Z\d]\d{7}[A-Z\d]", "FI": r"\d{8}", "FR": r"[A-Z\d]{2}\d{9}", "IE": r"\d[A-Z\d]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}", "LU": r"\d{8}", "NL": r"\d{9}B\d{2}", "PL": r"\d{10}", "PT": r"\d{9}", "SE": r"\d{12}",
}  # fmt: skip


class Check(TypedDict):
    valid: bool
    problem: str
    formatted: str


class PaymentCheck(TypedDict):
    valid: bool
    iban: Check
    vat_number: Check


def payment_check(
    iban: Annotated[str, "The account to pay to, with or without spaces"],
    vat_number: Annotated[str, "The payee's VAT number; empty: not checked"] = "",
) -> PaymentCheck:
    """Validate an IBAN by its check digits and a VAT number by its country's format.

    Returns:
        Whether both are right, and for each of them what is wrong and how it is usually written.
    """
    account, tax = _check_iban(iban), _check_vat(vat_number)
    return {"valid": account["valid"] and tax["valid"], "iban": account, "vat_number": tax}


def _check_iban(text: str) -> Check:
    iban = re.sub(r"[\s-]", "", text).upper()
    formatted = " ".join(re.findall(".{1,4}", iban))
    country = iban[:2]
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z\d]+", iban, re.ASCII):
        problem = "an IBAN is a country, two check digits, then letters and digits"
    elif country not in IBAN_LENGTHS:
        problem = f"{country} is not a country whose IBANs are known here"
    elif len(iban) != IBAN_LENGTHS[country]:
        problem = f"it has {len(iban)} characters; one of {country} has {IBAN_LENGTHS[country]}"
    elif int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 != 1:
        problem = "the check digits do not match: there is a typing error in it"
    else:
        problem = ""
    return {"valid": not problem, "problem": problem, "formatted": formatted}


def _check_vat(text: str) -> Check:
    number = re.sub(r"[\s.-]", "", text).upper()
    country = number[:2]
    problem = ""
    if number and country not in VAT_FORMATS:
        problem = f"{country} is not a country whose VAT numbers are known here"
    elif number and not re.fullmatch(VAT_FORMATS[country], number[2:], re.ASCII):
        problem = f"it does not look like a VAT number of {country}"
    return {"valid": not problem, "problem": problem, "formatted": number}
