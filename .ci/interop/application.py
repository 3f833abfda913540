"""An ASGI application that serves the files of $FOLDER, for hypercorn."""
import os
import pathlib

FOLDER = pathlib.Path(os.environ["FOLDER"])


async def application(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    assert scope["http_version"] == "2"
    path = FOLDER / pathlib.PurePosixPath(scope["path"]).name
    status, body = (200, path.read_bytes()) if path.is_file() else (404, b"")
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body})
