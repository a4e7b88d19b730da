"""The settings of circuit breakers; their bounds are those of ``dtf.breakers.config``."""

from dtf.settings.setting import Setting, number, one_of, whole_number

#: In the order in which they are shown.
BREAKER_SETTINGS = (
    Setting(
        name="breaker",
        help=(
            "By what circuit breakers decide: learned; constants, without learning; fixed, failures in a row; metrics, "
            "as learned but refusing nothing; off."
        ),
        default="learned",
        parse=one_of("learned", "constants", "fixed", "metrics", "off"),
    ),
    Setting(
        name="breaker_failures",
        help="How many failures in a row open a breaker that decides by a fixed number, 2 to 10.",
        default=4,
        parse=whole_number(2, 10),
    ),
    Setting(
        name="breaker_open_at",
        help="Above which probability that its target is bad a breaker opens.",
        default=0.9,
        parse=number(0.5, 0.999),
    ),
    Setting(
        name="breaker_close_at",
        help="Below which probability that its target is bad a breaker closes.",
        default=0.15,
        parse=number(0.01, 0.29),
    ),
    Setting(
        name="breaker_passes",
        help="How many probes in a row close a breaker, whatever it believes.",
        default=6,
        parse=whole_number(1, 20),
    ),
    Setting(
        name="breaker_wait_s",
        help="How long an open breaker waits before it probes, and between two probes that fail, in seconds.",
        default=5.0,
        parse=number(0.05, 600),
    ),
    Setting(
        name="breaker_quick_wait_s",
        help="The same for one that had closed within the last minute, in seconds.",
        default=2.0,
        parse=number(0.05, 600),
    ),
    Setting(
        name="breaker_probes",
        help="How many probes of a breaker may be under way at a time.",
        default=1,
        parse=whole_number(1, 100),
    ),
    Setting(
        name="breaker_probe_lease_s",
        help="After how many seconds a probe that has not returned is given up; longer than any probe takes.",
        default=30.0,
        parse=number(0.1, 3600),
    ),
    Setting(
        name="breaker_hold_s",
        help="How long a breaker that is in doubt holds work back at most, waiting for a canary, in seconds.",
        default=10.0,
        parse=number(0, 300),
    ),
    Setting(
        name="breaker_fallback_s",
        help="For how long all breakers of a queue's hardware are open before its jobs go to a fallback, in seconds.",
        default=30.0,
        parse=number(0, 86_400),
    ),
)
