use std::collections::BTreeSet;

use super::{Schema, schema::Shape};
use crate::{
    Descriptor, ExecutionConfig, History, ImageConfig, ImageIndex, ImageManifest, LayoutHeader, Platform, RootFs,
};

#[test]
fn schemas_have_the_fields_of_the_types() {
    for (schema, names) in [
        (Schema::CONFIG, ImageConfig::NAMES),
        (Schema::DESCRIPTOR, Descriptor::NAMES),
        (Schema::EXECUTION, ExecutionConfig::NAMES),
        (Schema::HISTORY, History::NAMES),
        (Schema::INDEX, ImageIndex::NAMES),
        (Schema::LAYOUT_HEADER, LayoutHeader::NAMES),
        (Schema::MANIFEST, ImageManifest::NAMES),
        (Schema::PLATFORM, Platform::NAMES),
        (Schema::ROOTFS, RootFs::NAMES),
    ] {
        let of_schema: BTreeSet<_> = schema.names().into_iter().collect();
        assert_eq!(of_schema, names.iter().copied().collect());
    }
}

#[test]
fn neutral_values_can_be_read() {
    let neutral = |schema| Shape::Object(schema).neutral();
    serde_json::from_value::<Descriptor>(neutral(&Schema::DESCRIPTOR)).unwrap();
    serde_json::from_value::<ImageConfig>(neutral(&Schema::CONFIG)).unwrap();
    serde_json::from_value::<ImageIndex>(neutral(&Schema::INDEX)).unwrap();
    serde_json::from_value::<ImageManifest>(neutral(&Schema::MANIFEST)).unwrap();
    serde_json::from_value::<LayoutHeader>(neutral(&Schema::LAYOUT_HEADER)).unwrap();
}
