//! Rules as text, and which exchanges they pick.

use oci_registry::faults::{FaultPlan, FaultRule, Occurrence};

use crate::site::Site;

/// Every fault, written as it is read.
const FAULTS: [&str; 33] = [
    "absolute-location",
    "corrupt-request=1",
    "corrupt-response=18446744073709551615",
    "cut-request=0",
    "cut-response=2",
    "delay=1500ms",
    "duplicate=3+4",
    "early=201",
    "foreign-location",
    "ignore-range",
    "link-loop",
    "lost-answer",
    "lost-request",
    "missing-digest",
    "missing-link",
    "missing-location",
    "no-referrers=404",
    "page",
    "page-of-one",
    "redirect=307",
    "relative-location",
    "reset-request=5",
    "reset-response=6",
    "silence",
    "stall=7",
    "status=503",
    "success=202",
    "too-many-requests",
    "too-many-requests=5000ms",
    "too-many-requests=date+5000ms",
    "truncate=8",
    "truncate-chunked=9",
    "unauthorized",
];

#[test]
fn rules_read_what_they_write() {
    let others = ["wrong-content-range", "wrong-digest", "zero-range"];
    let occurrences = ["every", "every=3", "first=3", "nth=1", "nth=2-4", "chance=5%"];
    let requests = [
        "",
        "GET ",
        "blob ",
        "DELETE upload-start ",
        "in=a/b-c ",
        "PATCH upload in=a ",
    ];
    for fault in FAULTS.iter().chain(&others) {
        for occurrence in occurrences {
            for request in requests {
                let text = format!("{request}{occurrence}: {fault}");
                assert_eq!(text.parse::<FaultRule>().unwrap().to_string(), text);
            }
        }
        assert_eq!(
            fault.parse::<FaultRule>().unwrap().to_string(),
            format!("every: {fault}")
        );
    }
    let short: FaultRule = "  first=1   GET:delay=2s ".parse().unwrap();
    assert_eq!(short.to_string(), "GET nth=1: delay=2000ms");
}

#[test]
fn what_is_no_rule_is_said_to_be_none() {
    for text in [
        "",
        ":",
        "nonsense",
        "GET",
        "page=1",
        "status",
        "status=200",
        "status=600",
        "status=99999",
        "success=404",
        "redirect=200",
        "delay=5",
        "delay=-1s",
        "cut-response",
        "cut-response=-1",
        "cut-response=18446744073709551616",
        "duplicate=1",
        "too-many-requests=5",
        "sometimes: page",
        "chance=5: page",
        "chance=256%: page",
        "nth=a: page",
        "in=UPPER: page",
        "in=: page",
        "get: page",
        "seed=1 page",
    ] {
        let error = text.parse::<FaultRule>().unwrap_err().to_string();
        assert!(error.contains("not "), "{text}: {error}");
    }
    let error = "seed=-1".parse::<FaultPlan>().unwrap_err();
    assert_eq!(error.to_string(), "the seed is a number from 0 to 2^64 - 1, not \"-1\"");
    assert!("seed=1\npage\n\nbroken".parse::<FaultPlan>().is_err());
    // No control character gets through.
    assert!(
        !"\u{1b}[31m"
            .parse::<FaultRule>()
            .unwrap_err()
            .to_string()
            .contains('\u{1b}')
    );
}

#[test]
fn a_rule_counts_what_it_is_about() {
    let site = Site::new("GET tags in=app every=2: status=500\nGET in=other: status=501\nHEAD other: status=502");
    let ask = |method, path| site.send(method, path, &[], b"").status;
    let tags = "/v2/app/tags/list";
    assert_eq!(
        (ask("GET", tags), ask("HEAD", tags), ask("GET", "/v2/_catalog")),
        (200, 200, 200)
    );
    assert_eq!((ask("GET", tags), ask("GET", tags), ask("GET", tags)), (500, 200, 500));
    assert_eq!(ask("GET", "/v2/other/tags/list"), 501);
    assert_eq!((ask("HEAD", "/token"), ask("GET", "/token")), (502, 404));
}

/// The first rule that occurs is the one; those after it have not counted the exchange.
#[test]
fn one_fault_at_most_happens_to_an_exchange() {
    let site = Site::new("first=2: status=500\nfirst=1: status=501\nnth=2: status=502");
    let seen: Vec<u16> = (0..5).map(|_| site.pull().status).collect();
    assert_eq!(seen, [500, 500, 501, 200, 502]);
}

#[test]
fn chance_is_drawn_from_the_seed() {
    let draw = |seed: u64, chance: u8| -> Vec<u16> {
        let site = Site::new(&format!("seed={seed}\nchance={chance}%: status=500"));
        (0..400).map(|_| site.pull().status).collect()
    };
    let count = |seen: Vec<u16>| seen.iter().filter(|status| **status == 500).count();
    assert_eq!(draw(1, 30), draw(1, 30));
    assert_ne!(draw(1, 30), draw(2, 30));
    assert!((80..160).contains(&count(draw(3, 30))));
    assert_eq!((count(draw(4, 0)), count(draw(4, 100))), (0, 400));
}

/// Two rules with the same chance do not happen together.
#[test]
fn each_rule_has_its_own_chance() {
    let plan = "chance=50%: status=500\nchance=50%: status=501";
    let site = Site::new(plan);
    let seen: Vec<u16> = (0..400).map(|_| site.pull().status).collect();
    for status in [200, 500, 501] {
        let count = seen.iter().filter(|seen| **seen == status).count();
        assert!(count > 50, "{status}: {count}");
    }
}

#[test]
fn occurrences_have_short_names() {
    assert_eq!(Occurrence::first(1), Occurrence::nth(1));
    assert_eq!(Occurrence::first(3), Occurrence::Times { from: 1, to: 3 });
}

#[test]
fn random_plans_are_the_same_for_the_same_seed_and_can_be_written_down() {
    for seed in 0..500 {
        let plan = FaultPlan::random(seed, 20);
        assert_eq!(plan, FaultPlan::random(seed, 20));
        assert_eq!(plan.to_string().parse(), Ok(plan.clone()), "{plan}");
        assert!((2..=8).contains(&plan.rules().len()), "{plan}");
    }
    assert_ne!(FaultPlan::random(1, 20).rules(), FaultPlan::random(2, 20).rules());
    assert!(FaultPlan::random(1, 0).rules().is_empty());
}
