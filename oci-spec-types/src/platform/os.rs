//! The operating systems of Go, by which the specs name them.

use crate::open_set::open_set;

open_set! {
    /// An operating system, in the words of Go (`GOOS`).
    ///
    /// ```
    /// use oci_spec_types::Os;
    ///
    /// assert_eq!(Os::from("linux"), Os::LINUX);
    /// ```
    Os {
        /// AIX.
        AIX = "aix";
        /// Android.
        ANDROID = "android";
        /// macOS.
        DARWIN = "darwin";
        /// DragonFly BSD.
        DRAGONFLY = "dragonfly";
        /// FreeBSD.
        FREEBSD = "freebsd";
        /// illumos.
        ILLUMOS = "illumos";
        /// iOS.
        IOS = "ios";
        /// WebAssembly in a JavaScript host.
        JS = "js";
        /// Linux.
        LINUX = "linux";
        /// NetBSD.
        NETBSD = "netbsd";
        /// OpenBSD.
        OPENBSD = "openbsd";
        /// Plan 9.
        PLAN9 = "plan9";
        /// Solaris.
        SOLARIS = "solaris";
        /// What stands for "none" in entries that are not images, such as attestations.
        UNKNOWN = "unknown";
        /// WebAssembly with WASI, preview 1.
        WASIP1 = "wasip1";
        /// Windows.
        WINDOWS = "windows";
    }
}
