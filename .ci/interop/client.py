"""Python's httpx against a server: client.py ORIGIN"""
import asyncio
import os
import sys

import httpx

ORIGIN = sys.argv[1]


async def main():
    async with httpx.AsyncClient(http1=False, http2=True, verify=False, base_url=ORIGIN, timeout=30) as client:
        page = await client.get("/")
        assert (page.status_code, page.http_version) == (200, "HTTP/2"), page
        assert "html" in page.text
        assert (await client.head("/")).headers["content-length"] == str(len(page.content))
        assert (await client.get("/missing")).status_code == 404
        bodies = [os.urandom(1 + n * 50_000) for n in range(20)]
        echoes = await asyncio.gather(*(client.post("/echo", content=body) for body in bodies))
        assert [echo.content for echo in echoes] == bodies
        sizes = [0, 1, 16_384, 65_536, 3_000_000]
        streams = await asyncio.gather(*(client.get(f"/bytes/{size}") for size in sizes))
        assert [len(stream.content) for stream in streams] == sizes


asyncio.run(main())
print("httpx client: ok")
