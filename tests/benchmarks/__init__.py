"""Benchmarks: what a durable turn costs here and in two peers, measured side by side on this machine.

    python -m tests.benchmarks [ROW ...] [--quick] [--repetitions N] [--turns N] [--minutes N] [--json FILE]

The work is the same for all: a scripted LLM that takes no time asks for one tool call a turn, so many
turns, then answers; the tool returns some 130 characters and takes no time either. What is left is the
overhead of the runtime: its loop, its messages, its database writes. Every step is durable: each LLM answer
and each tool result is committed before the next step starts. PostgreSQL waits for fsync at each commit, as
is its default. SQLite runs as each contender opens it: LangGraph in WAL mode, DBOS with a rollback journal,
both synchronous = FULL.

Rows
    turn-sqlite, turn-postgres        one run of 50 turns; milliseconds a turn, lower is better
    hundred-sqlite, hundred-postgres  100 runs of 50 turns, started at once in one process; turns a second
    money                             the ledger alone, on both databases, against targets instead of peers: 64
                                      processes x 200 reservations against a cap for 1,000; the time of a
                                      reservation with its settlement; pairs a second of 16 callers
    live                              200 runs that write 300 events a second, 50 viewers of one Daphne, two of their
                                      pages in a Chromium: until a commit is at the sockets and in the page; what
                                      Daphne holds at the start and the end of so many minutes (--minutes); and until
                                      a trace of 10,000 steps is shown, and its next window as one scrolls

Contenders
    watchfloor        `tests/benchmarks/ours.py`; "not built yet" where that file is missing
    langgraph         LangGraph's react agent (`create_agent`) with its own checkpointer, durability "sync"
    dbos              a DBOS workflow of two durable steps a turn
    langgraph-memory  LangGraph without a checkpointer: keeps nothing, for orientation only

Each peer runs in a virtual environment of its own under $WATCHFLOOR_VAR/bench/venvs (default `var/`), made
from the pinned versions in `peers/*.txt`. A private PostgreSQL is started for the benchmark and stopped
after it.

How it is measured: the contenders alternate within each repetition, and another one begins each time, so
that drift of the machine hits all alike. Each measurement is a fresh process that makes a short unmeasured
run first; start-up, imports and migrations are outside the clock. The figures are medians. Absolute times
differ between machines and with whatever else runs there: what counts is the ratio within one table.

What is not measured: a vendor's latency, tokens a second, memory, start-up, features. Nor do the contenders
store the same for their turn: LangGraph keeps the state after each step and DBOS two step results;
watchfloor keeps trace events, held and settled money, an effect row and its lease fence, and pushes live.
LangGraph stores a state that grows with the history, so its cost a turn rises with the number of turns: a
hundred runs of 10 turns (`--turns 10`) favour it, and weigh on those that start a run with several writes.

What `ours.py` has to do
    python -m tests.benchmarks.ours --database URL --turns 50 --runs 1 --repetitions N
is started with the project root as working folder. URL is `sqlite:////absolute/path` or `postgresql://...`.
The environment holds the same as DATABASE_URL, and a scratch folder as WATCHFLOOR_VAR. The database is
empty the first time and the same one in later repetitions, so it migrates first, outside the clock. The
last line of its stdout is
    {"peer", "versions", "database", "turns", "runs", "per_turn_ms": [one a repetition], "turns_per_s"}
where per_turn_ms is the wall time from the first start to the last answer, divided by runs x turns. All
that is common to the contenders - arguments, tool name and texts, clock, that line - is in
`peers/turn_clock.py`, which needs the standard library only and is there to be imported. A bad end is an
exit code other than 0 with the reason as the last line of stderr.
"""
