"""Names and sentences for a seeded platform: made up, so nothing false is said of anything real. Pure."""

from jfrog_standin.seeding.seed import Draw

NOUNS = (
    "reed", "pond", "heron", "otter", "sedge", "marsh", "creek", "willow", "dragonfly", "minnow", "bittern",
    "newt", "perch", "rush", "alder", "brook", "delta", "fen", "grebe", "kelp", "lagoon", "moss", "osprey",
    "pike", "plover", "quill", "ripple", "shoal", "teal", "umber", "vole", "wader",
)  # fmt: skip
TASKS = (
    "http", "json", "yaml", "auth", "cache", "queue", "store", "proxy", "codec", "crypto", "image", "mail",
    "parse", "route", "stream", "table", "token", "trace", "zip", "xml",
)  # fmt: skip
EFFECTS = {
    "CWE-79": "lets a remote attacker run a script in the browser of another user",
    "CWE-89": "lets a remote attacker change a database query",
    "CWE-120": "lets an attacker overflow a buffer and run code of their own",
    "CWE-125": "lets an attacker read past the end of a buffer",
    "CWE-190": "lets an attacker overflow an integer and corrupt memory",
    "CWE-200": "shows sensitive information to somebody who may not see it",
    "CWE-400": "lets an attacker exhaust memory or processor time",
    "CWE-416": "lets an attacker use memory after it was freed",
    "CWE-476": "lets an attacker crash the process",
    "CWE-502": "lets an attacker run code by a crafted serialised object",
    "CWE-22": "lets an attacker read files outside of a folder",
    "CWE-918": "lets an attacker make the server send requests",
}
_MIDDLE = (
    "The {task} part of {name} handles {noun} records without a check of their {other}.",
    "When a {noun} header is longer than expected, the {other} counter of {name} is not reset.",
    "An incomplete fix of an earlier flaw in the {task} reader left the {noun} path open.",
    "The default configuration is affected if {noun} support was compiled in.",
    "Services that take {task} input from people whom they don't know should be updated first.",
    "The error is in the {other} state machine, where a {noun} frame may arrive twice.",
    "Only builds with the {task} option are affected, which is on by default since the first release.",
)


def sentences(draw: Draw, name: str, number: int) -> str:
    """Some sentences about what is wrong with a package."""
    return " ".join(
        draw.one_of(_MIDDLE).format(
            name=name, noun=draw.one_of(NOUNS), task=draw.one_of(TASKS), other=draw.one_of(NOUNS)
        )
        for _ in range(number)
    )
