"""Build the site without solutions, for a course whose exercises are marked.

Solutions are cut out of a copy of the book before Sphinx sees it, so that pages, sources, downloads
and the search index have none. The outputs are those of the notebooks as `make book` takes them.
The built site is searched for solutions before it is moved to its place.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import build_book
import nbformat
import solutions
import yaml

TREE = build_book.BUILD / "without-solutions"
SITE = build_book.BUILD / "site-without-solutions"
READ = {".html", ".ipynb", ".js", ".json", ".md", ".py", ".txt", ".csv"}


def write_tree(folder: Path, notebooks: dict[Path, object]) -> None:
    """Copy the book into an empty folder, with these executed notebooks, without solutions."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree("book", folder / "book", ignore=shutil.ignore_patterns(".*", "*.ipynb"))
    for path in sorted((folder / "book").rglob("*.md")):
        path.write_text(solutions.without_blocks(path.read_text("utf-8")) + "\n", "utf-8")
    for path, notebook in notebooks.items():
        nbformat.write(solutions.without(notebook), folder / path)
    shutil.copy("_toc.yml", folder)
    config = yaml.safe_load(Path("_config.yml").read_text("utf-8"))
    # The outputs are in the notebooks already.
    config["execute"] = {"execute_notebooks": "off"}
    text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
    (folder / "_config.yml").write_text(text, "utf-8")


def render() -> Path:
    """Render the pages of the tree, and return where they are."""
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", TREE, "--all", "--quiet", "-W", "-n", "--keep-going"]
    status = subprocess.run(command).returncode
    if status:
        sys.exit(status)
    return TREE / "_build/html"


def readable_files(folder: Path) -> list[Path]:
    """Return the files of a site that may hold text of the book."""
    return sorted(path for path in folder.rglob("*") if path.suffix in READ and path.is_file())


def main() -> None:
    """Build the site without solutions, and say where it is."""
    gathered = build_book.gather_outputs(fresh=False)
    write_tree(TREE, gathered)
    print("Rendering the pages without solutions.", flush=True)
    site = render()
    pages = {path.as_posix(): notebook for path, notebook in gathered.items()}
    found = solutions.leaks(solutions.to_search_for(pages), readable_files(site))
    if found:
        sys.exit("\n".join(["Solutions in the site without solutions:", *found]))
    shutil.rmtree(SITE, ignore_errors=True)
    site.rename(SITE)
    print(f"The site without solutions is in {SITE}/")


if __name__ == "__main__":
    main()
