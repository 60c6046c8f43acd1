use super::*;
use crate::{Annotations, Descriptor, ImageIndex, MediaType};

fn platform(text: &str) -> Platform {
    let (name, version) = text
        .split_once('@')
        .map_or((text, None), |(name, version)| (name, Some(version)));
    let mut parts = name.split('/');
    let mut next = || parts.next().map(str::to_owned);
    let platform = Platform::new(next().unwrap().into(), next().unwrap().into());
    Platform {
        variant: next(),
        os_version: version.map(str::to_owned),
        ..platform
    }
}

fn index(platforms: &[&str]) -> ImageIndex {
    let entries = platforms.iter().enumerate().map(|(position, text)| {
        let entry = Descriptor::of(MediaType::IMAGE_MANIFEST, &position.to_be_bytes());
        if text.is_empty() {
            entry
        } else {
            entry.with_platform(platform(text))
        }
    });
    ImageIndex::new(entries.collect())
}

/// The position of the entry that is taken.
fn taken(wanted: &str, platforms: &[&str]) -> Option<usize> {
    let index = index(platforms);
    let entry = index.select(&PlatformMatcher::new(platform(wanted))).ok()?;
    index.manifests.iter().position(|other| other == entry)
}

#[test]
fn parse_and_normalize() {
    for (text, expected) in [
        ("linux/amd64", "linux/amd64"),
        ("Linux/AMD64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/x86-64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/v3", "linux/amd64/v3"),
        ("linux/amd64/3", "linux/amd64/v3"),
        ("linux/i386", "linux/386"),
        ("linux/i686", "linux/386"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/arm64/v8.0", "linux/arm64"),
        ("linux/arm64/v8.2", "linux/arm64/v8.2"),
        ("linux/arm64/v9", "linux/arm64/v9"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/7", "linux/arm/v7"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armv7l", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/armel/v7", "linux/arm/v6"),
        ("linux/riscv64/rva20u64", "linux/riscv64"),
        ("linux/riscv64/rva23u64", "linux/riscv64/rva23u64"),
        ("macos/aarch64", "darwin/arm64"),
        ("windows/amd64", "windows/amd64"),
        ("plan10/quantum/q2", "plan10/quantum/q2"),
    ] {
        let parsed: Platform = text.parse().unwrap();
        assert_eq!(parsed.to_string(), expected, "{text}");
        assert_eq!(parsed.to_string().parse(), Ok(parsed.clone()), "{text}");
        assert_eq!(parsed.clone().normalized(), parsed);
    }
}

#[test]
fn parse_errors() {
    for (text, position) in [
        ("", 0),
        ("linux", 5),
        ("linux/", 6),
        ("/amd64", 0),
        ("linux//v8", 6),
        ("linux/arm/", 10),
        ("linux/arm/v7/x", 12),
        ("linux /arm", 5),
        ("linux/arm\n", 9),
        ("linüx/arm", 3),
    ] {
        let error = text.parse::<Platform>().unwrap_err();
        assert_eq!(error.position(), position, "{text}");
    }
}

#[test]
fn c22_the_best_variant_wins_and_then_the_first_entry() {
    for (wanted, offered, expected) in [
        // The first of several that match.
        (
            "linux/amd64",
            &["linux/arm64", "linux/amd64", "linux/amd64"][..],
            Some(1),
        ),
        // What goes without saying, written or not.
        ("linux/arm64", &["linux/arm64/v8"], Some(0)),
        ("linux/arm64/v8", &["linux/arm64"], Some(0)),
        ("linux/arm", &["linux/arm/v6", "linux/arm/v7"], Some(1)),
        ("linux/arm/v7", &["linux/arm"], Some(0)),
        ("linux/amd64", &["linux/amd64/v1"], Some(0)),
        // Lower variants, the highest first, and never a higher one.
        (
            "linux/arm/v8",
            &["linux/arm/v5", "linux/arm/v6", "linux/arm/v7"],
            Some(2),
        ),
        (
            "linux/arm/v7",
            &["linux/arm/v8", "linux/arm/v5", "linux/arm/v6"],
            Some(2),
        ),
        ("linux/arm/v6", &["linux/arm/v7"], None),
        ("linux/arm/v5", &["linux/arm/v6", "linux/arm/v7"], None),
        (
            "linux/amd64/v3",
            &["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"],
            Some(1),
        ),
        ("linux/amd64", &["linux/amd64/v2"], None),
        (
            "linux/arm64/v9",
            &["linux/arm64", "linux/arm64/v8.5", "linux/arm64/v8.6"],
            Some(1),
        ),
        (
            "linux/arm64/v9.2",
            &["linux/arm64/v9.3", "linux/arm64/v9.1", "linux/arm64/v8.7"],
            Some(2),
        ),
        ("linux/arm64", &["linux/arm64/v9"], None),
        (
            "linux/ppc64le/power10",
            &["linux/ppc64le", "linux/ppc64le/power9"],
            Some(1),
        ),
        ("linux/riscv64", &["linux/riscv64/rva22u64"], None),
        ("linux/riscv64/rva22u64", &["linux/riscv64"], Some(0)),
        // Variants without an order must be equal.
        ("linux/mips/a", &["linux/mips", "linux/mips/b", "linux/mips/a"], Some(2)),
        ("linux/arm/x7", &["linux/arm/v6"], None),
        ("linux/amd64/v03", &["linux/amd64"], None),
        // Other names of the same.
        ("linux/amd64", &["Linux/x86_64"], Some(0)),
        // Another architecture or system is none.
        ("linux/arm64", &["linux/arm/v7", "linux/amd64"], None),
        ("linux/amd64", &["windows/amd64", "linux/386"], None),
        // Attestations and entries without a platform are never taken.
        ("linux/amd64", &["unknown/unknown", "", "linux/amd64"], Some(2)),
        ("unknown/unknown", &["unknown/unknown"], None),
        ("linux/amd64", &[], None),
    ] {
        assert_eq!(taken(wanted, offered), expected, "{wanted} of {offered:?}");
    }
}

#[test]
fn c22_versions_of_the_operating_system() {
    for (wanted, offered, expected) in [
        (
            "windows/amd64@10.0.17763.1",
            &[
                "windows/amd64@10.0.20348.1",
                "windows/amd64@10.0.17763.999",
                "windows/amd64",
            ][..],
            Some(1),
        ),
        ("windows/amd64@10.0.17763", &["windows/amd64@10.0.17763.999"], Some(0)),
        ("windows/amd64@10.0.1776", &["windows/amd64@10.0.17763.999"], None),
        (
            "windows/amd64@10.0.17763.1",
            &["windows/amd64@10.0.20348.1", "windows/amd64"],
            Some(1),
        ),
        (
            "windows/amd64",
            &["windows/amd64@10.0.20348.1", "windows/amd64@10.0.17763.1"],
            Some(0),
        ),
        (
            "freebsd/amd64@14.1",
            &["freebsd/amd64@14.0", "freebsd/amd64@14.1"],
            Some(1),
        ),
        ("freebsd/amd64@14.1", &["freebsd/amd64@14.1.1"], None),
    ] {
        assert_eq!(taken(wanted, offered), expected, "{wanted} of {offered:?}");
    }
}

#[test]
fn c22_features_of_the_operating_system() {
    let entry = |os: &str, features: &[&str]| {
        let os_features = features.iter().map(|feature| (*feature).to_owned()).collect();
        Platform {
            os_features,
            ..platform(os)
        }
    };
    let windows = PlatformMatcher::new(platform("windows/amd64"));
    assert!(windows.matches(&entry("windows/amd64", &["win32k"])));
    assert!(
        !windows
            .clone()
            .with_os_features::<String>([])
            .matches(&entry("windows/amd64", &["win32k"]))
    );
    assert!(!windows.matches(&entry("windows/amd64", &["win32k", "other"])));
    let linux = PlatformMatcher::new(platform("linux/amd64"));
    assert!(!linux.matches(&entry("linux/amd64", &["sse4"])));
    assert!(
        linux
            .with_os_features(["sse4", "aes"])
            .matches(&entry("linux/amd64", &["sse4"]))
    );
}

#[test]
fn c22_32_bit_architectures_on_request() {
    let taken = |wanted: &str, platforms: &[&str]| {
        let index = index(platforms);
        let matcher = PlatformMatcher::new(platform(wanted)).with_32bit_fallback();
        let entry = index.select(&matcher).ok()?.clone();
        index.manifests.iter().position(|other| *other == entry)
    };
    assert_eq!(
        taken("linux/arm64", &["linux/arm/v6", "linux/arm/v7", "linux/arm64"]),
        Some(2)
    );
    assert_eq!(
        taken("linux/arm64", &["linux/arm/v6", "linux/arm/v7", "linux/amd64"]),
        Some(1)
    );
    assert_eq!(taken("linux/amd64/v4", &["linux/386", "linux/amd64"]), Some(1));
    assert_eq!(taken("linux/amd64", &["linux/386"]), Some(0));
    assert_eq!(taken("linux/386", &["linux/amd64"]), None);
    assert_eq!(taken("linux/s390x", &["linux/386", "linux/arm"]), None);
}

#[test]
fn c22_errors_list_what_there_is() {
    let entries = [
        "linux/amd64",
        "linux/arm/v7",
        "",
        "windows/amd64@10.0.17763.1",
        "linux/amd64",
        "unknown/unknown",
    ];
    let error = index(&entries)
        .select(&PlatformMatcher::new(platform("linux/s390x")))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "no entry of the index is for linux/s390x; there are: linux/amd64, linux/arm/v7, an entry without a platform, \
         windows/amd64 version 10.0.17763.1, unknown/unknown"
    );
    assert_eq!(error.candidates().len(), 5);
    let versioned = platform("windows/arm64@10.0.1\u{1b}");
    let error = index(&[]).select(&PlatformMatcher::new(versioned)).unwrap_err();
    let expected = r"no entry of the index is for windows/arm64 version 10.0.1\u{1b}; there are none to choose from";
    assert_eq!(error.to_string(), expected);
    let many: Vec<String> = (0..30).map(|number| format!("linux/a{number}")).collect();
    let error = index(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let error = error.select(&PlatformMatcher::new(platform("linux/x"))).unwrap_err();
    assert!(error.to_string().ends_with("linux/a19 and 10 more"), "{error}");
}

#[test]
fn c23_platforms_are_shown_without_control_characters() {
    let hostile = platform("linux\u{1b}[2J/amd64\r\n/v\u{202e}");
    assert_eq!(hostile.to_string(), r"linux\u{1b}[2J/amd64\r\n/v\u{202e}");
}

#[test]
fn entries_by_annotation() {
    let named = |name: &str| Descriptor::of(MediaType::IMAGE_MANIFEST, name.as_bytes());
    let mut index = ImageIndex::new(vec![named("none")]);
    index
        .manifests
        .push(named("1").with_annotation(Annotations::REF_NAME, "v1"));
    index
        .manifests
        .push(named("2").with_annotation(Annotations::REF_NAME, "v1"));
    index
        .manifests
        .push(named("3").with_annotation(Annotations::REF_NAME, "v2\u{7}"));
    assert_eq!(
        index.select_annotated(Annotations::REF_NAME, "v1"),
        Ok(&index.manifests[1])
    );
    let error = index.select_annotated(Annotations::REF_NAME, "v3").unwrap_err();
    assert_eq!(error.candidates().collect::<Vec<_>>(), ["v1", r"v2\u{7}"]);
}

#[test]
fn host_is_normalized() {
    let host = Platform::host();
    assert_eq!(host.clone().normalized(), host);
    assert_eq!(host.to_string().parse(), Ok(host));
}
