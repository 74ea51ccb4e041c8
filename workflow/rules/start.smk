# What comes before the first job: what is looked at, refused, locked and said.
def too_large():
    """Return why a job of this study does not fit on this machine, if jobs run here and one does not."""
    if not workflow.is_main_process or workflow.non_local_exec_or_dryrun:
        return None  # in a job it is too late; of a cluster this machine does not tell
    from echolesion.study import machine

    asked = {
        " of ".join([job.rule.name, *job.wildcards]): job.resources["mem_mb"]
        for job in workflow.dag.needrun_jobs()
        if Path(job.rule.snakefile).is_relative_to(BASE)
        and "mem_mb" in job.resources.keys()
    }
    largest = max(asked, key=asked.get, default=None)
    return largest and machine.refusal(largest, asked[largest], config)


def lock_study():
    """Lock the study until Snakemake ends, and say who has if another did; not for jobs that only say something."""
    if {job.rule.name for job in workflow.dag.needrun_jobs()} <= {"plan", "doctor"}:
        return
    try:
        lock.hold(STUDY)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


def announcement():
    """Say how long the study takes on a machine like that of docs/scaling.md."""
    sizes = {
        key: size_of(key) for key in dict.fromkeys([*CONNECTOMES, *MAP_CONNECTOMES])
    }
    if unknown := [key for key, size in sizes.items() if not size]:
        return (
            f"echolesion: study '{config['study']}': {', '.join(CONNECTOMES)}; how long it takes is known when there is"
            f" {', '.join(unknown)}."
        )
    limits = workflow.resource_settings
    at_once = limits.cores or limits.nodes or 1
    minutes = seconds_of_study(at_once) / 60
    where = (
        f"here on {at_once} cores"
        if limits.cores
        else f"with {at_once} jobs at once, not counting the queue"
    )
    most = " at most" if config["sweep"]["until"] else ""
    delayed = " (not counting delays)" if config["reservoir"]["velocity"] else ""
    names = zip(CONNECTOMES, config["connectomes"], strict=True)
    networks = ", ".join(
        f"{key} ({'' if key == name else f'{name}, '}{sizes[key]} nodes)"
        for key, name in names
    )
    return (
        f"echolesion: study '{config['study']}': {networks}; regimes {', '.join(REGIMES)}. All of it takes{most} about"
        f" {minutes:.1f} min {where}{delayed}; what is done is not done again."
    )


def before_jobs():
    """Do what comes before the first job of a run, but not of a dry run, of this workflow or of one that it is a part of."""
    if refused := too_large():
        sys.exit(f"error: {refused}")
    if MAIN:  # a workflow that this is a part of has its own lock
        lock_study()
    print(announcement())


@cache
def hook_into_start():
    """Let `before_jobs` run in a module too, of which Snakemake leaves out `onstart`.

    This is called by input functions, when all Snakefiles have been read, so that it is known what the other workflow
    does at its start.
    """
    if not MAIN:
        of_other = workflow._onstart

        def start(log):
            before_jobs()
            of_other(log)

        workflow._onstart = start


# What is looked at whenever the workflow is read, by dry runs and in a module too, also if nothing is to be done; but not
# again by every job, which takes what it needs from what was found out.
if workflow.is_main_process and "--unlock" not in sys.argv:
    if MAIN:  # else another workflow may make them, which `inputs_of` finds out
        for key in dict.fromkeys([*CONNECTOMES, *MAP_CONNECTOMES]):
            for file in files_of(key):
                check_exists(file)
        for file in series_files():
            check_exists(file)
    if SERIES_SHIPPED and ("task", "series") not in FROM_CLONE:
        print(
            f"echolesion: task.series: '{SERIES}' is not in the working folder, and is taken from {BASE}",
            file=sys.stderr,
        )
    measure_networks()
    for key in CONNECTOMES:
        say_if_changed(
            expand(rules.connectome.output, connectome=key)[0], files_of(key)
        )
    say_if_changed(rules.task.output[0], series_files())
