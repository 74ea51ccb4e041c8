"""The report and the explorer as a reader sees them: in Chromium, from disk, on a desktop and on a phone.

`./run.sh test-browser` runs this on the smoke study, which it makes first if it is not there.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import xarray as xr
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Return the results of the smoke study, of a network whose nodes have names and modules."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "nodes.csv").write_text("label,module\n" + "".join(f"n{k},{'ab'[k % 2]}\n" for k in range(12)))
    links = "".join(f"n{k},n{(k + step) % 12},{k + step}\n" for k in range(12) for step in (1, 2, 5))
    (folder / "links.csv").write_text("source,target,weight\n" + links)
    (folder / "own.yaml").write_text(
        "study: browser\nconnectomes: [rings]\ncatalogue: {rings: {file: links.csv, nodes: nodes.csv}}\n"
    )
    files = [ROOT / "config/studies/smoke.yaml", folder / "own.yaml"]
    command = ["snakemake", "-s", ROOT / "Snakefile", "--directory", folder, "--cores", "2", "--configfile", *files]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return folder / "results/browser"


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        # Debian's: Playwright's own cannot be had without its server.
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=SIZES)
def page(request, chromium):
    """Return a page that fails its test if it writes an error or asks for anything that is not on disk."""
    context = chromium.new_context(viewport=SIZES[request.param], offline=True)
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on(
        "request",
        lambda asked: wrong.append(asked.url) if not asked.url.startswith(("file:", "data:", "blob:")) else None,
    )
    yield page
    context.close()
    assert wrong == []


def fits(page: Page) -> bool:
    """Return whether nothing sticks out of the window sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_report_shows_every_figure_and_leads_to_every_section(page, study):
    page.goto((study / "report.html").as_uri())
    assert fits(page)
    images = page.locator("figure img")
    assert images.count() == len(list((study / "figures").glob("*.png")))
    assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 1000)")
    for link in page.locator("nav a").all():
        link.click()
        expect(page.locator(link.get_attribute("href"))).to_be_in_viewport()
    page.get_by_text("The whole configuration").click()
    expect(page.get_by_text("study: browser")).to_be_visible()
    page.get_by_role("link", name="rings", exact=True).click()
    expect(page.locator("body")).to_have_attribute("data-ready", re.compile("optimal"))


def test_the_explorer_begins_with_the_strongest_influence(page, study):
    page.goto((study / "rings/explorer.html").as_uri())
    expect(page.locator("body")).to_have_attribute("data-ready", re.compile("optimal"))
    assert fits(page)
    with xr.open_dataset(study / "rings/optimal/influence.nc") as estimate:
        power = estimate["power_noise_free"]
        strongest = power.where(power == power.max(), drop=True)
        source, target = str(strongest["source"].values[0]), str(strongest["target"].values[0])
        magnitude = float(power.max()) ** 0.5
    expect(page.locator("#pair")).to_have_text(f"Influence of {source} on {target}")
    said = float(re.search(r"influence ([0-9.e-]+) ±", page.locator("#summary").inner_text())[1])
    assert said == pytest.approx(magnitude, rel=0.01)


def test_another_pair_and_regime_change_all_panels(page, study):
    page.goto((study / "rings/explorer.html").as_uri())
    expect(page.locator("body")).to_have_attribute("data-ready", re.compile("optimal"))
    page.select_option("#regime", "non-optimal")
    page.select_option("#source", label="n3")
    page.select_option("#target", label="n8")
    expect(page.locator("#pair")).to_have_text("Influence of n3 on n8")
    with (
        xr.open_dataset(study / "rings/non-optimal/influence.nc") as estimate,
        xr.open_dataset(study / "rings/non-optimal/reservoir.nc") as network,
    ):
        pair = estimate.sel(source="n3", target="n8")
        weights = abs(network["weights"])
        curves = page.evaluate("document.getElementById('course').data.map((trace) => [trace.name, [...trace.y]])")
        for name, values in curves[1:]:
            # Rounded by at most a quarter of the standard error, or a 254th of the largest value; of indirect, of both.
            error = sum(float((pair[f"{part}_se"] ** 2).mean() ** 0.5) / 4 for part in ("influence", "direct"))
            error += sum(float(abs(pair[part]).max()) / 254 for part in ("influence", "direct"))
            assert values == pytest.approx(pair[name].values.tolist(), abs=1.01 * error)
        routes = page.locator("#routes tbody tr").all_inner_texts()
        best = max(
            float(weights.sel(source="n3", target=k)) * float(weights.sel(source=k, target="n8"))
            for k in network["node"].values
            if k not in ("n3", "n8")
        )
        direct = float(weights.sel(source="n3", target="n8"))
        assert direct > 0 and any(row.split("\t")[0] == "n3 → n8" for row in routes)
        two = [float(row.split("\t")[1]) for row in routes if row.count("→") == 2]
        assert (max(two) if two else 0) == pytest.approx(best, rel=0.01)
        felt = page.evaluate("document.getElementById('felt').data[0].y")
        power = estimate["power_noise_free"].sel(source="n3").drop_sel(target="n3")
        assert felt[-1] == str(power["target"].values[int(power.values.argmax())]) and len(felt) == 10


def test_the_matrix_is_reordered_and_answers_to_the_pointer(page, study):
    page.goto((study / "rings/explorer.html").as_uri())
    expect(page.locator("body")).to_have_attribute("data-ready", re.compile("optimal"))
    ticks = "document.getElementById('matrix').layout.xaxis.ticktext"
    page.select_option("#order", "module")
    assert page.evaluate(ticks) == [f"n{k}" for k in (0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11)]
    page.select_option("#order", "name")
    assert page.evaluate(ticks) == [f"n{k}" for k in range(12)]
    page.select_option("#shown", "weights")
    z = page.evaluate("document.getElementById('matrix').data[0].z")
    with xr.open_dataset(study / "rings/optimal/reservoir.nc") as network:
        names = [f"n{k}" for k in range(12)]
        assert z[3][8] == pytest.approx(float(network["weights"].sel(source="n3", target="n8")), rel=1e-3)
        assert names == [str(name) for name in network["node"].values] and z[0][0] is None
    # The cell of n3 on n8, in the middle of the plot's rows and columns.
    box = page.evaluate(
        """(() => { const plot = document.getElementById('matrix'), { x, y, width, height } =
        plot.querySelector('.nsewdrag').getBoundingClientRect(); return { x, y, width, height }; })()"""
    )
    place = page.evaluate(
        """(() => { const l = document.getElementById('matrix')._fullLayout;
        return [l.xaxis.l2p(8) + l.xaxis._offset, l.yaxis.l2p(3) + l.yaxis._offset]; })()"""
    )
    plot = page.locator("#matrix").bounding_box()
    assert box["width"] > 100
    page.locator("#matrix").scroll_into_view_if_needed()
    plot = page.locator("#matrix").bounding_box()
    page.mouse.move(plot["x"] + place[0], plot["y"] + place[1], steps=4)
    expect(page.locator("#readout")).to_contain_text("n3 on n8: influence")
    expect(page.locator("#readout")).to_contain_text("(s.e.)")
    assert page.locator("#matrix").bounding_box() == plot, "what it says moves the cell from under the pointer"
    page.mouse.click(plot["x"] + place[0], plot["y"] + place[1])
    expect(page.locator("#pair")).to_have_text("Influence of n3 on n8")


def test_a_node_and_itself_is_answered_in_words(page, study):
    page.goto((study / "rings/explorer.html").as_uri())
    expect(page.locator("body")).to_have_attribute("data-ready", re.compile("optimal"))
    page.select_option("#source", label="n1")
    page.select_option("#target", label="n1")
    expect(page.locator("#summary")).to_contain_text("no influence on itself")
