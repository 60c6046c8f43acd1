//! Owners, modes, times, attributes, devices.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use oci_client_core::ErrorKind;
use rustix::fs::{CWD, FileType, Gid, Mode, Uid};
use rustix::io::Errno;

use super::{Place, skipped, unpacked};
use crate::hostile::{archive, directory, file, header, link, pax};
use crate::unpack::{IdMap, IdRange, Ownership, SkipReason, SpecialFiles, UnpackOptions};

/// U07: devices and pipes are left out and reported, refused, or made.
#[test]
fn u07_special_files_are_never_regular_files() {
    let fifo = archive(&[header(b"p", b'6', 0, |_| ())]);
    let place = Place::new();
    let report = place
        .unpack(std::slice::from_ref(&fifo), &UnpackOptions::new())
        .unwrap();
    assert!(!place.root().join("p").exists());
    assert_eq!(
        (report.skipped()[0].path(), report.skipped()[0].reason()),
        (&b"p"[..], &SkipReason::SpecialFile)
    );
    let refuse = UnpackOptions::new().with_special_files(SpecialFiles::Refuse);
    assert_eq!(
        Place::new()
            .unpack(std::slice::from_ref(&fifo), &refuse)
            .unwrap_err()
            .kind(),
        ErrorKind::Unsupported
    );
    let create = UnpackOptions::new().with_special_files(SpecialFiles::Create);
    let place = Place::new();
    place.unpack(&[fifo], &create).unwrap();
    let mode = fs::symlink_metadata(place.root().join("p")).unwrap().mode();
    assert_eq!(mode, 0o010_644);
    let device = |major: &[u8; 7]| archive(&[header(b"c", b'3', 0, |block| block[329..336].copy_from_slice(major))]);
    let error = Place::new().unpack(&[device(b"0010000")], &create).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}

/// U08: modes are those of the image whatever the umask; setuid only when asked for.
#[test]
fn u08_setuid_is_stripped_unless_asked_for() {
    let layer = archive(&[header(b"a", b'0', 0, |block| {
        block[100..107].copy_from_slice(b"0007777")
    })]);
    for (setuid, expected) in [(false, 0o1777), (true, 0o7777)] {
        let place = Place::new();
        place
            .unpack(std::slice::from_ref(&layer), &UnpackOptions::new().with_setuid(setuid))
            .unwrap();
        assert_eq!(
            fs::metadata(place.root().join("a")).unwrap().permissions().mode() & 0o7777,
            expected
        );
    }
}

/// U09: attributes outside of the list are reported and not set.
#[test]
fn u09_only_listed_attributes_are_set() {
    let attributes = [
        "security.capability",
        "trusted.overlay.opaque",
        "user.overlay.opaque",
        "system.other",
    ];
    for name in attributes {
        let key = format!("SCHILY.xattr.{name}");
        let layer = archive(&[pax(&[(key.as_str(), b"y")]), file("a", b"")]);
        let place = Place::new();
        let report = place.unpack(&[layer], &UnpackOptions::new()).unwrap();
        assert_eq!(
            report.skipped()[0].reason(),
            &SkipReason::Attribute(name.as_bytes().to_vec())
        );
        assert_eq!(report.skipped_count(), 1);
    }
}

/// U10: IDs that nobody can have are errors where IDs matter.
#[test]
fn u10_ids_out_of_range_are_errors() {
    for id in ["4294967295", "4294967296", "9223372036854775807"] {
        let layer = archive(&[pax(&[("uid", id.as_bytes())]), file("a", b"")]);
        let options = UnpackOptions::new().with_ownership(Ownership::Image);
        let result = Place::new().unpack(std::slice::from_ref(&layer), &options);
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Invalid, "{id}");
        Place::new().unpack(&[layer], &UnpackOptions::new()).unwrap();
    }
    let map = IdMap::new(vec![IdRange::new(0, 0, 10)], vec![IdRange::new(0, 0, 10)]).unwrap();
    let options = UnpackOptions::new().with_ownership(Ownership::Mapped(map));
    let layer = archive(&[pax(&[("gid", b"10")]), file("a", b"")]);
    assert_eq!(
        Place::new().unpack(&[layer], &options).unwrap_err().kind(),
        ErrorKind::Invalid
    );
}

#[test]
fn times_and_modes_of_directories_come_last() {
    let read_only = header(b"d", b'5', 0, |block| block[100..107].copy_from_slice(b"0000555"));
    let (place, _) = unpacked(&[archive(&[read_only, file("d/a", b"x")]), archive(&[file("d/b", b"y")])]);
    let metadata = fs::metadata(place.root().join("d")).unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.mtime()), (0o555, 5));
    fs::set_permissions(place.root().join("d"), fs::Permissions::from_mode(0o755)).unwrap();
}

/// U08, U10: what anyone can do: give files to oneself, by a map, and keep setuid where that is asked for.
#[test]
fn u08_u10_owners_are_mapped_for_any_user() {
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let map = IdMap::new(vec![IdRange::new(1234, user, 1)], vec![IdRange::new(5678, group, 1)]).unwrap();
    let options = UnpackOptions::new().with_ownership(Ownership::Mapped(map));
    let ids = || pax(&[("uid", b"1234"), ("gid", b"5678")]);
    let setuid = header(b"d/a", b'0', 0, |block| block[100..107].copy_from_slice(b"0004755"));
    let layer = archive(&[ids(), directory("d/"), ids(), setuid, ids(), link("s", b'2', "d/a")]);
    // Directories that nobody describes are root's, whom the map does not have.
    for (setuid, mode) in [(true, 0o104_755), (false, 0o100_755)] {
        let place = Place::new();
        let options = options.clone().with_setuid(setuid);
        place.unpack(std::slice::from_ref(&layer), &options).unwrap();
        for path in ["d", "d/a", "s"] {
            let metadata = fs::symlink_metadata(place.root().join(path)).unwrap();
            assert_eq!((metadata.uid(), metadata.gid()), (user, group), "{path}");
        }
        assert_eq!(fs::metadata(place.root().join("d/a")).unwrap().mode(), mode);
    }
}

/// U07, U08, U10: what takes the rights of root; what anyone can do of it is tested above.
#[test]
fn u07_u08_u10_root_keeps_owners_devices_and_capabilities() {
    if let Err(error) = rights_of_root() {
        skipped(&format!(
            "owners, devices and capabilities can be tested by root only: {error}"
        ));
        return;
    }
    let (uid, gid) = (b"1234".as_slice(), b"5678".as_slice());
    let capability = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let records: [(&str, &[u8]); 3] = [
        ("uid", uid),
        ("gid", gid),
        ("SCHILY.xattr.security.capability", &capability),
    ];
    let setuid = header(b"a", b'0', 0, |block| block[100..107].copy_from_slice(b"0004755"));
    let null = header(b"null", b'3', 0, |block| {
        block[100..107].copy_from_slice(b"0000666");
        block[329..336].copy_from_slice(b"0000001");
        block[337..344].copy_from_slice(b"0000003");
    });
    let place = Place::new();
    let layer = archive(&[pax(&records), setuid, null, pax(&records[..2]), link("s", b'2', "a")]);
    let report = place.unpack(&[layer], &UnpackOptions::as_root()).unwrap();
    assert_eq!(report.skipped(), []);
    let metadata = fs::metadata(place.root().join("a")).unwrap();
    assert_eq!(
        (metadata.uid(), metadata.gid(), metadata.mode()),
        (1234, 5678, 0o104_755)
    );
    let mut value = [0_u8; 64];
    let file = fs::File::open(place.root().join("a")).unwrap();
    let len = rustix::fs::fgetxattr(&file, "security.capability", &mut value).unwrap();
    assert_eq!(value[..len], capability);
    let device = fs::symlink_metadata(place.root().join("null")).unwrap();
    assert_eq!((device.mode(), device.rdev()), (0o020_666, rustix::fs::makedev(1, 3)));
    assert_eq!(fs::symlink_metadata(place.root().join("s")).unwrap().uid(), 1234);
}

/// Whether this process may give files away and make devices, which not every root may.
fn rights_of_root() -> Result<(), Errno> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("null");
    rustix::fs::mknodat(
        CWD,
        &path,
        FileType::CharacterDevice,
        Mode::empty(),
        rustix::fs::makedev(1, 3),
    )?;
    rustix::fs::chown(&path, Some(Uid::from_raw(1234)), Some(Gid::from_raw(5678)))
}

/// The root is the same each time, also if no layer says anything of it; if one does, that counts.
#[test]
fn the_root_is_of_1970_unless_a_layer_describes_it() {
    let described = header(b"./", b'5', 0, |block| block[100..107].copy_from_slice(b"0000700"));
    for (entries, expected) in [([file("a", b"")], (0, 0o755)), ([described], (5, 0o700))] {
        let layer = archive(&entries);
        let place = Place::new();
        place.unpack(&[layer], &UnpackOptions::new()).unwrap();
        let root = fs::metadata(place.root()).unwrap();
        assert_eq!((root.mtime(), root.mode() & 0o7777), expected);
    }
}
