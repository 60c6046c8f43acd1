//! Manifests, tags and what refers to what.

use oci_spec_types::{AnyManifest, Descriptor, Document, ImageIndex, TagOrDigest};

use super::samples::{Sample, artifact_type, check_manifest, optional, same, tag, text};
use super::{Bench, Finding};

pub(super) async fn exact(bench: Box<dyn Bench>) -> Finding {
    let [nested, root, tagged] = [Sample::new(1)?, Sample::new(2)?, Sample::new(3)?];
    nested.put_blobs(bench.target()).await?;
    let put = bench.target().put_manifest(&nested.document).await;
    put.map_err(|error| format!("a manifest cannot be written: {error}"))?;
    root.put(bench.target(), None).await?;
    tagged.put(bench.target(), Some(&tag("v1")?)).await?;
    let source = bench.into_source().await;
    for sample in [&nested, &root, &tagged] {
        sample.check(&*source).await?;
    }
    Ok(())
}

pub(super) async fn tags(bench: Box<dyn Bench>) -> Finding {
    let (first, second) = (Sample::new(1)?, Sample::new(2)?);
    let (moved, stays) = (tag("moved")?, tag("Stays_0.-")?);
    first.put(bench.target(), Some(&moved)).await?;
    first.put(bench.target(), Some(&stays)).await?;
    second.put(bench.target(), Some(&moved)).await?;
    // Again, and without a tag: neither takes one away.
    first.put(bench.target(), None).await?;
    let source = bench.into_source().await;
    check_manifest(&*source, &TagOrDigest::Tag(moved), &second.document).await?;
    check_manifest(&*source, &TagOrDigest::Tag(stays), &first.document).await?;
    first.check(&*source).await
}

pub(super) async fn listed(bench: Box<dyn Bench>) -> Finding {
    let sample = Sample::new(1)?;
    let mut names = [tag("a")?, tag("B.1")?, tag("_c")?].to_vec();
    for name in &names {
        sample.put(bench.target(), Some(name)).await?;
    }
    sample.put(bench.target(), Some(&tag("a")?)).await?;
    Sample::new(2)?.put(bench.target(), None).await?;
    let source = bench.into_source().await;
    if let Some(mut found) = optional("tags cannot be listed", source.tags().await)? {
        found.sort();
        names.sort();
        same("the list of tags", &found, &names)?;
    }
    Ok(())
}

pub(super) async fn told(bench: Box<dyn Bench>) -> Finding {
    let (stored, missing) = (Sample::new(1)?, Sample::new(2)?);
    stored.put(bench.target(), Some(&tag("there")?)).await?;
    for (target, expected) in [
        (TagOrDigest::Tag(tag("there")?), Some(&stored)),
        (TagOrDigest::Digest(stored.document.digest().clone()), Some(&stored)),
        (TagOrDigest::Tag(tag("absent")?), None),
        (TagOrDigest::Digest(missing.document.digest().clone()), None),
    ] {
        let told = optional(
            "a target cannot be asked for a manifest",
            bench.target().resolve(&target).await,
        )?;
        let Some(told) = told else {
            continue;
        };
        let described = |descriptor: &Descriptor| (descriptor.digest.clone(), descriptor.size);
        let expected = expected.map(|sample| sample.document.descriptor());
        same(
            &format!("what `{target}` stands for"),
            &told.as_ref().map(described),
            &expected.as_ref().map(described),
        )?;
    }
    Ok(())
}

pub(super) async fn referrers(bench: Box<dyn Bench>) -> Finding {
    let subject = Sample::new(1)?;
    let first = Sample::about(2, Some(subject.document.descriptor()))?;
    let second = Sample::about(3, Some(subject.document.descriptor()))?;
    let of_first = Sample::about(4, Some(first.document.descriptor()))?;
    subject.put(bench.target(), Some(&tag("v1")?)).await?;
    for sample in [&first, &second, &of_first, &first] {
        sample.put(bench.target(), None).await?;
    }
    let source = bench.into_source().await;
    for (sample, mut expected) in [
        (&subject, vec![&first, &second]),
        (&first, vec![&of_first]),
        (&second, vec![]),
    ] {
        let listed = optional(
            "referrers cannot be listed",
            source.referrers(sample.document.digest()).await,
        )?;
        let Some(mut listed) = listed else {
            continue;
        };
        listed.sort_by(|one, other| one.digest.cmp(&other.digest));
        expected.sort_by(|one, other| one.document.digest().cmp(other.document.digest()));
        let digests: Vec<_> = listed.iter().map(|entry| &entry.digest).collect();
        let wanted: Vec<_> = expected.iter().map(|sample| sample.document.digest()).collect();
        same("the list of referrers", &digests, &wanted)?;
        for (entry, sample) in listed.iter().zip(expected) {
            same(
                "the artifact type of a referrer",
                &entry.artifact_type,
                &Some(artifact_type()?),
            )?;
            let described = sample.document.referrer();
            same(
                "the annotations of a referrer",
                &entry.annotations,
                &described.annotations,
            )?;
            same("the size of a referrer", &entry.size, &described.size)?;
            sample.check(&*source).await?;
        }
    }
    Ok(())
}

pub(super) async fn graph(bench: Box<dyn Bench>) -> Finding {
    let images = [Sample::new(1)?, Sample::new(2)?, Sample::new(3)?];
    for image in &images {
        image.put_blobs(bench.target()).await?;
    }
    let [one, two, three] = images.each_ref().map(|image| &image.document);
    let inner = index(&[one, two])?;
    let root = index(&[&inner, three])?;
    for document in [one, two, &inner, three] {
        let put = bench.target().put_manifest(document).await;
        put.map_err(|error| format!("a manifest below an index cannot be written: {error}"))?;
    }
    let put = bench.target().put_root(&root, Some(&tag("v1")?)).await;
    put.map_err(|error| format!("an index cannot be written: {error}"))?;
    let source = bench.into_source().await;
    for document in [&root, &inner] {
        check_manifest(&*source, &TagOrDigest::Digest(document.digest().clone()), document).await?;
    }
    check_manifest(&*source, &TagOrDigest::Tag(tag("v1")?), &root).await?;
    for image in &images {
        image.check(&*source).await?;
    }
    Ok(())
}

fn index(children: &[&Document<AnyManifest>]) -> Result<Document<AnyManifest>, String> {
    let entries = children.iter().map(|child| child.descriptor()).collect();
    Document::from_value(AnyManifest::Index(ImageIndex::new(entries))).map_err(text)
}
