//! What `Chart.yaml` says.

use std::collections::BTreeMap;

use oci_client_core::Error;
use oci_spec_types::Annotations;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::version::tag_of_version;
use crate::errors::{invalid, shown};

/// What a chart says of itself: `Chart.yaml`, and the configuration of its artifact.
///
/// The fields are in Helm's order, so that the configuration is the one that Helm would write, byte for byte.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartMetadata {
    #[serde(default, deserialize_with = "filled")]
    name: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    home: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
    #[serde(default, deserialize_with = "filled")]
    version: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<String>,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    maintainers: Vec<ChartMaintainer>,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    icon: String,
    #[serde(default, deserialize_with = "filled")]
    api_version: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    condition: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    tags: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    app_version: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "is_false")]
    deprecated: bool,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    kube_version: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<ChartDependency>,
    #[serde(
        rename = "type",
        default,
        deserialize_with = "filled",
        skip_serializing_if = "String::is_empty"
    )]
    kind: String,
}

impl ChartMetadata {
    /// Reads `Chart.yaml`.
    ///
    /// # Errors
    /// If it is not YAML of that form, or has more than 10,000 nodes or nests deeper than 32; if it lacks `apiVersion`, or its name or version cannot become
    /// a file name and a tag.
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_depth: 32,
                max_documents: 1,
                max_nodes: 10_000,
            },
        };
        let metadata: Self = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let text = error.to_string();
            invalid(format!(
                "Chart.yaml cannot be read: {}",
                shown(text.lines().next().unwrap_or_default())
            ))
        })?;
        metadata.checked()
    }

    /// Reads the configuration of a chart's artifact.
    ///
    /// # Errors
    /// As [`from_yaml`](Self::from_yaml).
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let metadata: Self = serde_json::from_slice(json)
            .map_err(|error| invalid("the configuration of the chart cannot be read").with_source(error))?;
        metadata.checked()
    }

    /// The configuration of the chart's artifact.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string(self).expect("text, lists and maps with text for keys are JSON");
        // Helm's encoder escapes what could end a script in a web page, and the digest depends on that.
        let mut escaped = String::with_capacity(json.len());
        for character in json.chars() {
            match character {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
                }
                _ => escaped.push(character),
            }
        }
        escaped
    }

    /// Free text by name.
    pub fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.annotations
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The version of what the chart installs, or nothing.
    #[must_use]
    pub fn app_version(&self) -> &str {
        &self.app_version
    }

    /// The charts that it needs.
    #[must_use]
    pub fn dependencies(&self) -> &[ChartDependency] {
        &self.dependencies
    }

    /// What it is, or nothing.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Whether it is deprecated.
    #[must_use]
    pub const fn is_deprecated(&self) -> bool {
        self.deprecated
    }

    /// Who looks after it.
    #[must_use]
    pub fn maintainers(&self) -> &[ChartMaintainer] {
        &self.maintainers
    }

    /// Its name: of letters, digits, `-`, `_` and `.`, and never `.` or `..`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version: one that a tag can stand for.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The annotations of the chart's manifest, as Helm makes them; a chart's own may not replace title and version.
    pub(super) fn manifest_annotations(&self) -> Annotations {
        let mut annotations = Annotations::new();
        for (name, value) in &self.annotations {
            annotations.insert(name, value);
        }
        let source = self.sources.first().map_or("", String::as_str);
        let people: Vec<String> = self.maintainers.iter().map(ChartMaintainer::contact).collect();
        for (name, value) in [
            (Annotations::AUTHORS, people.join(", ").as_str()),
            (Annotations::DESCRIPTION, &self.description),
            (Annotations::SOURCE, source),
            (Annotations::URL, &self.home),
        ] {
            if !value.trim().is_empty() && annotations.get(name).is_none() {
                annotations.insert(name, value);
            }
        }
        annotations.insert(Annotations::TITLE, &self.name);
        annotations.insert(Annotations::VERSION, &self.version);
        annotations
    }

    fn checked(self) -> Result<Self, Error> {
        if self.api_version.is_empty() {
            return Err(invalid("the chart lacks `apiVersion`"));
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_name = (1..=MAX_NAME_LEN).contains(&self.name.len()) && self.name.bytes().all(allowed);
        if !is_name || self.name.starts_with('.') {
            return Err(invalid(format!("`{}` is no name for a chart", shown(&self.name))));
        }
        tag_of_version(&self.version)?;
        Ok(self)
    }
}

/// Somebody who looks after a chart.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ChartMaintainer {
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    email: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    url: String,
}

impl ChartMaintainer {
    /// The address, or nothing.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The name, or nothing.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A page about them, or nothing.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    fn contact(&self) -> String {
        match self.email.is_empty() {
            true => self.name.clone(),
            false => format!("{} ({})", self.name, self.email),
        }
    }
}

/// A chart that another one needs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ChartDependency {
    #[serde(default, deserialize_with = "filled")]
    name: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(default, deserialize_with = "filled")]
    repository: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    condition: String,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "is_false")]
    enabled: bool,
    #[serde(
        rename = "import-values",
        default,
        deserialize_with = "filled",
        skip_serializing_if = "Vec::is_empty"
    )]
    import_values: Vec<Value>,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "String::is_empty")]
    alias: String,
}

impl ChartDependency {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is: the address of a chart repository, or `oci://` and the parent of its repository in a registry.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The range of its versions.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// A value where there may be none: `null` stands for it.
fn filled<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// The most bytes of a name, which is part of a file name.
const MAX_NAME_LEN: usize = 200;
