//! The architectures of Go, by which the specs name them.

use crate::open_set::open_set;

open_set! {
    /// A processor architecture, in the words of Go (`GOARCH`).
    ///
    /// ```
    /// use oci_spec_types::Architecture;
    ///
    /// assert_eq!(Architecture::from("amd64"), Architecture::AMD64);
    /// assert_eq!(Architecture::from("quantum").as_str(), "quantum");
    /// ```
    Architecture {
        /// 64-bit x86.
        AMD64 = "amd64";
        /// 32-bit Arm.
        ARM = "arm";
        /// 64-bit Arm.
        ARM64 = "arm64";
        /// 32-bit x86.
        I386 = "386";
        /// 64-bit LoongArch.
        LOONG64 = "loong64";
        /// 32-bit MIPS, big-endian.
        MIPS = "mips";
        /// 64-bit MIPS, big-endian.
        MIPS64 = "mips64";
        /// 64-bit MIPS, little-endian.
        MIPS64LE = "mips64le";
        /// 32-bit MIPS, little-endian.
        MIPSLE = "mipsle";
        /// 64-bit POWER, big-endian.
        PPC64 = "ppc64";
        /// 64-bit POWER, little-endian.
        PPC64LE = "ppc64le";
        /// 64-bit RISC-V.
        RISCV64 = "riscv64";
        /// IBM Z.
        S390X = "s390x";
        /// What stands for "none" in entries that are not images, such as attestations.
        UNKNOWN = "unknown";
        /// WebAssembly.
        WASM = "wasm";
    }
}
