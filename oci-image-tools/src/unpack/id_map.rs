/// How users and groups of an image become those of the system, as in a user namespace.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct IdMap {
    groups: Vec<IdRange>,
    users: Vec<IdRange>,
}

impl IdMap {
    /// A map of users and of groups.
    ///
    /// # Errors
    /// If a range goes beyond the largest ID, or two ranges cover the same ID of the image.
    ///
    /// ```
    /// use oci_image_tools::unpack::{IdMap, IdRange};
    ///
    /// let map = vec![IdRange::new(0, 1000, 1), IdRange::new(1, 100_000, 65_536)];
    /// assert!(IdMap::new(map.clone(), map).is_ok());
    /// assert!(IdMap::new(vec![IdRange::new(0, 5, 10), IdRange::new(9, 50, 1)], Vec::new()).is_err());
    /// ```
    pub fn new(users: Vec<IdRange>, groups: Vec<IdRange>) -> Result<Self, InvalidIdMap> {
        check(&users)?;
        check(&groups)?;
        Ok(Self { groups, users })
    }

    pub(super) fn user(&self, id: u32) -> Option<u32> {
        find(&self.users, id)
    }

    pub(super) fn group(&self, id: u32) -> Option<u32> {
        find(&self.groups, id)
    }
}

/// Some IDs of an image, and as many of the system.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IdRange {
    count: u32,
    image: u32,
    system: u32,
}

impl IdRange {
    /// The `count` IDs from `image` on become those from `system` on.
    pub const fn new(image: u32, system: u32, count: u32) -> Self {
        Self { count, image, system }
    }

    /// Whether both sides stay below the ID that stands for none.
    const fn is_valid(self) -> bool {
        self.image as u64 + self.count as u64 <= u32::MAX as u64
            && self.system as u64 + self.count as u64 <= u32::MAX as u64
    }
}

/// Ranges of IDs that overlap or go too far.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct InvalidIdMap;

impl std::fmt::Display for InvalidIdMap {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the ranges of IDs overlap, or go beyond the largest ID")
    }
}

impl std::error::Error for InvalidIdMap {}

fn check(ranges: &[IdRange]) -> Result<(), InvalidIdMap> {
    let mut sorted = ranges.to_vec();
    sorted.sort_by_key(|range| range.image);
    let apart = sorted.iter().zip(sorted.iter().skip(1));
    let apart = apart.into_iter().all(|(one, next)| next.image - one.image >= one.count);
    if apart && ranges.iter().all(|range| range.is_valid()) {
        Ok(())
    } else {
        Err(InvalidIdMap)
    }
}

fn find(ranges: &[IdRange], id: u32) -> Option<u32> {
    ranges.iter().find_map(|range| {
        let offset = id.checked_sub(range.image).filter(|offset| *offset < range.count)?;
        range.system.checked_add(offset)
    })
}
