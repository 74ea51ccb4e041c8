# Files that are read: where their paths start, and whether they changed.
from echolesion.connectome import catalogue, formats
from echolesion.records import digests

# What was found out about files, by content, so that it is found out once: in the working folder.
MEMORY = Path(".snakemake/echolesion")


def folder_of(connectome):
    """Return where the paths of a connectome start: shipped ones are in the clone, all others in the working folder."""
    return BASE if connectome in SHIPPED else Path()


def files_of(connectome):
    """Return the files of a connectome as the working folder sees them; of one out of a package, those that are here."""
    entry = CATALOGUE[connectome]
    found = [
        str(file)
        for pattern in formats.files(entry).values()
        for file in catalogue.found(pattern, folder_of(connectome))
    ]
    return [file for file in found if "package" not in entry or os.path.exists(file)]


def series_files():
    """Return the file of the series as the working folder sees it, if the task has one."""
    return [str(BASE / SERIES) if SERIES_SHIPPED else SERIES] if SERIES else []


def can_be_input(file, shipped):
    """Return whether a file is an input of the rule that reads it, which a rule of another workflow may make.

    Shipped files are none, as inputs have paths, and results must not depend on where the clone lies; nor are files with
    braces in their path, which would be wildcards.
    """
    return not shipped and not set("{}") & set(file)


def inputs_of(files, shipped):
    """Return those files that are inputs; a module's prefix is not for them.

    What they hold decides, by the digests among the params, and not when they were written; what a rule makes is left
    to Snakemake.
    """
    hook_into_start()
    inputs = [file for file in files if can_be_input(file, shipped)]
    for file in inputs:
        if not made_here(file):
            check_exists(file)
    return [local(file if made_here(file) else ancient(file)) for file in inputs]


def check_exists(file):
    """Stop if a file is missing; jobs do not look again."""
    if workflow.is_main_process and not os.path.exists(file):
        sys.exit(
            f"error: there is no file '{file}' (paths start in the working folder, {Path.cwd()})"
        )


def made_here(path):
    """Return whether a rule of this workflow, or of one that it is a part of, makes a file."""
    return any(rule.is_producer(path) for rule in workflow.rules)


def digests_of(paths):
    """Return the sha256 of files, which a rule that reads them must have among its params."""
    return digests.remembered(
        [path for path in paths if os.path.exists(path) and not made_here(path)],
        MEMORY / "digests.json",
    )


def say_if_changed(result, paths):
    """Say that a result is of files that are others now; triggers that leave out params would hide it."""
    files = [path for path in paths if os.path.exists(path) and not made_here(path)]
    known = digests.of_result(result)
    if known is None:
        return
    now = digests_of(files)
    # It is not known yet, as this is read, which of them another workflow makes.
    if known != now if MAIN else set(known) - set(now):
        print(
            f"echolesion: {result} is of other contents of {', '.join(paths)}: it is made again, unless"
            " --rerun-triggers leaves out params",
            file=sys.stderr,
        )
