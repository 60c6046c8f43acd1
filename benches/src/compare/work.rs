//! What is transferred, and how.

/// One row of the comparison.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) link: Link,
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) verb: Verb,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verb {
    /// From one registry into another.
    Copy,
    /// From one repository into another of the same registry.
    CopyInside,
    /// The first layer into a file.
    Fetch,
    Pull,
    Push,
}

/// How the registry is reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Link {
    /// A round trip of 50 ms.
    Far,
    Loopback,
    /// A round trip of 50 ms, and 200 Mbit/s for each connection.
    Narrow,
    /// The same over TLS; the server offers HTTP/2 and HTTP/1.1.
    NarrowTls,
}

/// The layers of an image.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Shape {
    Eight,
    Hundred,
    Large,
    Mixed,
    Small,
    Thousands,
    Quarter,
}

impl Work {
    pub(crate) const ALL: [Self; 23] = [
        Self::new("pull-1g", Verb::Pull, Shape::Large, Link::Loopback),
        Self::new("pull-100", Verb::Pull, Shape::Hundred, Link::Loopback),
        Self::new("pull-2000", Verb::Pull, Shape::Thousands, Link::Loopback),
        Self::new("pull-mixed", Verb::Pull, Shape::Mixed, Link::Loopback),
        Self::new("fetch-1g", Verb::Fetch, Shape::Large, Link::Loopback),
        Self::new("push-1g", Verb::Push, Shape::Large, Link::Loopback),
        Self::new("push-100", Verb::Push, Shape::Hundred, Link::Loopback),
        Self::new("push-2000", Verb::Push, Shape::Thousands, Link::Loopback),
        Self::new("push-mixed", Verb::Push, Shape::Mixed, Link::Loopback),
        Self::new("copy-1g", Verb::Copy, Shape::Large, Link::Loopback),
        Self::new("copy-100", Verb::Copy, Shape::Hundred, Link::Loopback),
        Self::new("copy-mixed", Verb::Copy, Shape::Mixed, Link::Loopback),
        Self::new("far-pull-small", Verb::Pull, Shape::Small, Link::Far),
        Self::new("far-pull-100", Verb::Pull, Shape::Hundred, Link::Far),
        Self::new("far-pull-2000", Verb::Pull, Shape::Thousands, Link::Far),
        Self::new("far-push-small", Verb::Push, Shape::Small, Link::Far),
        Self::new("far-push-8", Verb::Push, Shape::Eight, Link::Far),
        Self::new("far-copy-inside", Verb::CopyInside, Shape::Eight, Link::Far),
        Self::new("narrow-fetch-256m", Verb::Fetch, Shape::Quarter, Link::Narrow),
        Self::new("narrow-pull-256m", Verb::Pull, Shape::Quarter, Link::Narrow),
        Self::new("narrow-pull-100", Verb::Pull, Shape::Hundred, Link::Narrow),
        Self::new("tls-fetch-256m", Verb::Fetch, Shape::Quarter, Link::NarrowTls),
        Self::new("tls-pull-256m", Verb::Pull, Shape::Quarter, Link::NarrowTls),
    ];

    const fn new(name: &'static str, verb: Verb, shape: Shape, link: Link) -> Self {
        Self {
            link,
            name,
            shape,
            verb,
        }
    }

    /// In words.
    pub(crate) fn describe(&self) -> String {
        let verb = match self.verb {
            Verb::Copy => "copy between registries",
            Verb::CopyInside => "copy inside a registry",
            Verb::Fetch => "fetch the first layer",
            Verb::Pull => "pull into a layout",
            Verb::Push => "push from a layout",
        };
        let link = match self.link {
            Link::Far => "50 ms",
            Link::Loopback => "loopback",
            Link::Narrow => "50 ms, 200 Mbit/s per connection",
            Link::NarrowTls => "50 ms, 200 Mbit/s per connection, TLS",
        };
        format!("{verb}, {}, {link}", self.shape.describe())
    }
}

impl Link {
    /// Milliseconds of a round trip, and Mbit/s of a connection, where either is bounded.
    pub(crate) const fn bounds(self) -> Option<(u64, u64)> {
        match self {
            Self::Far => Some((50, 0)),
            Self::Loopback => None,
            Self::Narrow | Self::NarrowTls => Some((50, 200)),
        }
    }

    pub(crate) fn is_tls(self) -> bool {
        self == Self::NarrowTls
    }
}

impl Shape {
    /// The sizes of the layers in bytes, a little more each as they are archives.
    pub(crate) fn layers(self) -> Vec<u64> {
        match self {
            Self::Eight => vec![MIB; 8],
            Self::Hundred => vec![MIB; 100],
            Self::Large => vec![1024 * MIB],
            Self::Mixed => vec![128 * MIB, 32 * MIB, 64 * MIB, MIB, 100 * KIB, 10 * KIB, 8 * MIB, KIB],
            Self::Small => vec![10 * KIB],
            Self::Thousands => vec![KIB; 2000],
            Self::Quarter => vec![256 * MIB],
        }
    }

    const fn describe(self) -> &'static str {
        match self {
            Self::Eight => "8 x 1 MiB",
            Self::Hundred => "100 x 1 MiB",
            Self::Large => "1 x 1 GiB",
            Self::Mixed => "8 layers of 1 KiB to 128 MiB",
            Self::Small => "1 x 10 KiB",
            Self::Thousands => "2,000 x 1 KiB",
            Self::Quarter => "1 x 256 MiB",
        }
    }
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
