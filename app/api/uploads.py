"""An agent's source as it is sent: as JSON, or as a file from a form."""

import json
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from nexdeck.app.api.parameters import Body
from nexdeck.services.errors import Fault, InvalidInput


class SourceUpload(Body):
    filename: str = Field(min_length=1, max_length=255, description="its ending tells the kind: .py, .yaml or .yml")
    source: str = Field(description="the file's text")


async def _read(request: Request) -> SourceUpload:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        document = await _from_form(request)
    else:
        document = await _from_json(request, content_type)
    try:
        return SourceUpload.model_validate(document)
    except ValidationError as error:
        places = error.errors(include_url=False, include_context=False)
        raise RequestValidationError([{**place, "loc": ("body", *place["loc"])} for place in places]) from error


async def _from_form(request: Request) -> dict[str, Any]:
    async with request.form(max_files=1, max_fields=8) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or len(form.multi_items()) > 1:
            message = "send the agent's file in this field, and nothing else"
            raise InvalidInput("The form is not a file of an agent.", errors=[Fault("file", message)])
        content = await file.read()
    try:
        return {"filename": file.filename or "", "source": content.decode("utf-8-sig")}
    except UnicodeDecodeError as error:
        message = f"byte {error.start} is not UTF-8; save the file as UTF-8 and send it again"
        raise InvalidInput("The file is not text.", errors=[Fault("file", message)]) from error


async def _from_json(request: Request, content_type: str) -> Any:
    body = await request.body()
    if not content_type.endswith(("/json", "+json")):
        raise RequestValidationError([{"type": "missing", "loc": ("body",), "msg": "not JSON"}], body=body)
    try:
        return json.loads(body)
    except json.JSONDecodeError as error:
        place = {"type": "json_invalid", "loc": ("body", error.pos), "msg": error.msg, "ctx": {"error": error.msg}}
        raise RequestValidationError([place], body=error.doc) from error
    except (ValueError, RecursionError) as error:  # not UTF-8, a number of thousands of digits, or nested without end
        raise HTTPException(400) from error


Source = Annotated[SourceUpload, Depends(_read)]

SOURCE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": SourceUpload.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
                }
            },
        },
    }
}
"""What OpenAPI is told about a route that takes ``Source``: FastAPI knows no body that is either JSON or a form."""
