"""Modules of it are imported by name, and one is loaded from its file."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

hiddenimports = collect_submodules("kailash_mcp", on_error="ignore")
datas = collect_data_files("kailash_mcp", include_py_files=True)
