"""What a browser asks for when somebody opens the dashboard, and when they open it again.

Usage: python -m bench.first_look OBLIGATIONS [LOOKS OF THE PHONE]
Prints the requests and bytes of both, and when the first words stand on a phone, as JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from bench.served import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Response

ROUNDS = 7
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 412, "height": 823}
# Lighthouse's phone: the round trip in milliseconds and bytes a second of a slow 4G network, a processor slower by 4.
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1_638_400 / 8, "uploadThroughput": 750_000 / 8}
SLOWER = 4
# A page may have loaded before it is painted.
PAINTED = """new Promise(tell => new PerformanceObserver(seen => {
    const [paint] = seen.getEntriesByName("first-contentful-paint");
    if (paint) tell(paint.startTime);
}).observe({type: "paint", buffered: true}))"""


def main(number: int, rounds: int = ROUNDS) -> None:
    """Measure, and print the result as JSON."""
    with served("compressed", str(number)) as site, sync_playwright() as playwright:
        site.ask("dashboard")
        site.settle()
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        address = f"http://127.0.0.1:{site.port}"
        context = _signed_in(chromium, address, site.cookie, DESK)
        page = context.new_page()
        cold = _looked_at(page, address + site.pages["dashboard"])
        warm = _looked_at(page, address + site.pages["dashboard"])
        paints = [_painted(chromium, address, site.cookie, site.pages["dashboard"]) for _ in range(rounds)]
        chromium.close()
    paint = {"paint": statistics.median(paints) / 1000} if paints else {}
    print(json.dumps({"cold": cold, "warm": warm} | paint))


def _signed_in(chromium: Browser, address: str, cookie: str, size: Any, **more: Any) -> BrowserContext:
    context = chromium.new_context(viewport=size, **more)
    for one in cookie.split("; "):
        name, value = one.split("=", 1)
        context.add_cookies([{"name": name, "value": value, "url": address}])
    return context


def _looked_at(page: Page, address: str) -> dict[str, int]:
    """Open a page; return how many answers came over the network, and their bytes."""
    answers: list[Response] = []

    def noted(answer: Response) -> None:
        answers.append(answer)

    page.on("response", noted)
    page.goto(address, wait_until="networkidle")
    page.remove_listener("response", noted)
    # What the browser has kept comes with no header of the network's.
    sent = [answer for answer in answers if not _kept(page, answer)]
    return {"requests": len(sent), "bytes": sum(map(_bytes, sent))}


def _kept(page: Page, answer: Response) -> bool:
    entry = "performance.getEntries().find(one => one.name === address)?.transferSize"
    size: int | None = page.evaluate(f"address => {entry}", answer.url)
    return size == 0


def _bytes(answer: Response) -> int:
    return int(answer.headers.get("content-length") or len(answer.body()))


def _painted(chromium: Browser, address: str, cookie: str, path: str) -> float:
    """Return after how many milliseconds a phone that was never here shows its first words."""
    context = _signed_in(chromium, address, cookie, PHONE, device_scale_factor=1.75, is_mobile=True)
    page = context.new_page()
    browser = context.new_cdp_session(page)
    browser.send("Network.enable")
    browser.send("Network.emulateNetworkConditions", NETWORK)
    browser.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address + path, wait_until="load")
    painted: float = page.evaluate(PAINTED)
    context.close()
    return painted


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
