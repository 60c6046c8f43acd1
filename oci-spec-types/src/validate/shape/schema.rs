//! The fields of each document, as the prose of the spec has them.

use serde_json::{Value, json};

/// The fields of an object.
#[derive(Debug)]
pub struct Schema {
    pub(super) fields: &'static [Field],
    /// Whether optional fields may be `null`, as the spec says of image configurations.
    pub(super) null_is_absent: bool,
    pub(super) section: &'static str,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) need: Need,
    pub(super) shape: Shape,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Need {
    /// As required, but `null` is read as no elements.
    List,
    /// As optional, and empty text is read as missing.
    Name,
    Optional,
    Required,
    /// Required by the spec, and read as no elements where it is missing or `null`.
    Written,
}

#[derive(Debug)]
pub(super) enum Shape {
    Bool,
    Digest,
    List(&'static Self),
    Map(&'static Self),
    MediaType,
    Object(&'static Schema),
    /// An object of which nothing is known.
    OpenObject,
    SchemaVersion,
    Size,
    Text,
}

impl Shape {
    pub(super) const fn in_words(&self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Digest | Self::MediaType | Self::Text => "a string",
            Self::List(_) => "a list",
            Self::Map(_) | Self::Object(_) | Self::OpenObject => "an object",
            Self::SchemaVersion | Self::Size => "an integer",
        }
    }

    /// A value of this shape that no rule has anything to say about.
    pub(super) fn neutral(&self) -> Value {
        match self {
            Self::Bool => false.into(),
            Self::Digest => "unreadable:unreadable".into(),
            Self::List(_) => json!([]),
            Self::Map(_) | Self::OpenObject => json!({}),
            Self::MediaType => "application/octet-stream".into(),
            Self::Object(schema) => {
                let needed = schema
                    .fields
                    .iter()
                    .filter(|field| matches!(field.need, Need::List | Need::Required));
                needed
                    .map(|field| (field.name.to_owned(), field.shape.neutral()))
                    .collect()
            }
            Self::SchemaVersion => 2.into(),
            Self::Size => 1.into(),
            Self::Text => "".into(),
        }
    }

    pub(super) const fn section(&self) -> &'static str {
        match self {
            Self::Digest => "image-spec/descriptor.md#digests",
            Self::MediaType => "image-spec/descriptor.md#properties",
            Self::Object(schema) => schema.section,
            Self::Map(_) => "image-spec/annotations.md#rules",
            Self::SchemaVersion => "image-spec/manifest.md#image-manifest-property-descriptions",
            Self::Size => "image-spec/descriptor.md#properties",
            Self::Bool | Self::List(_) | Self::OpenObject | Self::Text => "image-spec/spec.md",
        }
    }
}

impl Schema {
    pub(crate) const CONFIG: Self = Self {
        fields: &[
            Field::optional("created", Shape::Text),
            Field::optional("author", Shape::Text),
            Field::required("architecture", Shape::Text),
            Field::required("os", Shape::Text),
            Field::optional("os.version", Shape::Text),
            Field::optional("os.features", TEXTS),
            Field::optional("variant", Shape::Text),
            Field::optional("config", Shape::Object(&Self::EXECUTION)),
            Field::required("rootfs", Shape::Object(&Self::ROOTFS)),
            Field::optional("history", Shape::List(&Shape::Object(&Self::HISTORY))),
        ],
        null_is_absent: true,
        section: CONFIG_PROPERTIES,
    };

    pub(crate) const DESCRIPTOR: Self = Self {
        fields: &[
            Field::required("mediaType", Shape::MediaType),
            Field::required("digest", Shape::Digest),
            Field::required("size", Shape::Size),
            Field::optional("urls", TEXTS),
            Field::optional("annotations", ANNOTATIONS),
            Field::optional("data", Shape::Text),
            Field::new("artifactType", Need::Name, Shape::MediaType),
            Field::optional("platform", Shape::Object(&Self::PLATFORM)),
        ],
        null_is_absent: false,
        section: "image-spec/descriptor.md#properties",
    };

    pub(crate) const INDEX: Self = Self {
        fields: &[
            Field::required("schemaVersion", Shape::SchemaVersion),
            Field::new("mediaType", Need::Name, Shape::MediaType),
            Field::new("artifactType", Need::Name, Shape::MediaType),
            Field::new("manifests", Need::List, DESCRIPTORS),
            Field::optional("subject", Shape::Object(&Self::DESCRIPTOR)),
            Field::optional("annotations", ANNOTATIONS),
        ],
        null_is_absent: false,
        section: "image-spec/image-index.md#image-index-property-descriptions",
    };

    pub(crate) const LAYOUT_HEADER: Self = Self {
        fields: &[Field::required("imageLayoutVersion", Shape::Text)],
        null_is_absent: false,
        section: "image-spec/image-layout.md#oci-layout-file",
    };

    pub(crate) const MANIFEST: Self = Self {
        fields: &[
            Field::required("schemaVersion", Shape::SchemaVersion),
            Field::new("mediaType", Need::Name, Shape::MediaType),
            Field::new("artifactType", Need::Name, Shape::MediaType),
            Field::required("config", Shape::Object(&Self::DESCRIPTOR)),
            Field::new("layers", Need::List, DESCRIPTORS),
            Field::optional("subject", Shape::Object(&Self::DESCRIPTOR)),
            Field::optional("annotations", ANNOTATIONS),
        ],
        null_is_absent: false,
        section: "image-spec/manifest.md#image-manifest-property-descriptions",
    };

    pub(super) const EXECUTION: Self = Self {
        fields: &[
            Field::optional("User", Shape::Text),
            Field::optional("ExposedPorts", Shape::Map(&Shape::OpenObject)),
            Field::optional("Env", TEXTS),
            Field::optional("Entrypoint", TEXTS),
            Field::optional("Cmd", TEXTS),
            Field::optional("Volumes", Shape::Map(&Shape::OpenObject)),
            Field::optional("WorkingDir", Shape::Text),
            Field::optional("Labels", ANNOTATIONS),
            Field::optional("StopSignal", Shape::Text),
            Field::optional("ArgsEscaped", Shape::Bool),
        ],
        null_is_absent: true,
        section: CONFIG_PROPERTIES,
    };

    pub(super) const HISTORY: Self = Self {
        fields: &[
            Field::optional("created", Shape::Text),
            Field::optional("author", Shape::Text),
            Field::optional("created_by", Shape::Text),
            Field::optional("comment", Shape::Text),
            Field::optional("empty_layer", Shape::Bool),
        ],
        null_is_absent: true,
        section: CONFIG_PROPERTIES,
    };

    pub(super) const PLATFORM: Self = Self {
        fields: &[
            Field::required("architecture", Shape::Text),
            Field::required("os", Shape::Text),
            Field::optional("os.version", Shape::Text),
            Field::optional("os.features", TEXTS),
            Field::optional("variant", Shape::Text),
        ],
        null_is_absent: false,
        section: "image-spec/image-index.md#image-index-property-descriptions",
    };

    pub(super) const ROOTFS: Self = Self {
        fields: &[
            Field::required("type", Shape::Text),
            Field::new("diff_ids", Need::Written, Shape::List(&Shape::Digest)),
        ],
        null_is_absent: true,
        section: CONFIG_PROPERTIES,
    };

    /// The names of the fields.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.fields.iter().map(|field| field.name).collect()
    }

    pub(super) fn is_descriptor(&self) -> bool {
        self.section == Self::DESCRIPTOR.section
    }
}

impl Field {
    const fn new(name: &'static str, need: Need, shape: Shape) -> Self {
        Self { name, need, shape }
    }

    const fn optional(name: &'static str, shape: Shape) -> Self {
        Self::new(name, Need::Optional, shape)
    }

    const fn required(name: &'static str, shape: Shape) -> Self {
        Self::new(name, Need::Required, shape)
    }
}

const ANNOTATIONS: Shape = Shape::Map(&Shape::Text);

const CONFIG_PROPERTIES: &str = "image-spec/config.md#properties";

const DESCRIPTORS: Shape = Shape::List(&Shape::Object(&Schema::DESCRIPTOR));

const TEXTS: Shape = Shape::List(&Shape::Text);
