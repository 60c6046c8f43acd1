//! Sets COUNT tags in a registry over the directory DIR, and lists them: `many_tags DIR COUNT`.
//!
//! Prints how long each tenth takes. Fails if in the second half a tenth takes three times as long as in the first, or if a tag is missing.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Request, StatusCode};
use oci_client_core::transport::Body;
use oci_registry::Registry;
use oci_registry::storage::{DirectoryOptions, DirectoryStorage, Durability};
use oci_spec_types::distribution::TagList;
use oci_spec_types::{Digest, MediaType};
use oci_transport_reqwest::TokioRuntime;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("many_tags: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, count] = arguments.as_slice() else {
        return Err("usage: many_tags DIR COUNT".into());
    };
    let tenth = count.parse::<usize>()?.div_ceil(10).max(1);
    let runtime = Arc::new(TokioRuntime::try_current()?);
    // How long the disk takes to sync is none of our figures.
    let options = DirectoryOptions::new().with_durability(Durability::Relaxed);
    let storage = DirectoryStorage::open_with(folder, runtime, options).await?;
    let registry = Registry::builder().storage(storage).build();
    let mut took = Vec::new();
    for part in 0..10 {
        let start = Instant::now();
        for number in 0..tenth {
            set(&registry, part * tenth + number).await?;
        }
        took.push(start.elapsed());
        show("set", (part + 1) * tenth, tenth, start.elapsed());
    }
    let start = Instant::now();
    let (listed, pages) = list(&registry).await?;
    show(&format!("listed in {pages} pages"), listed, listed, start.elapsed());
    if listed != tenth * 10 {
        return Err(format!("{listed} tags are listed, of {}", tenth * 10).into());
    }
    // The fastest of each half: whatever else the machine does makes them slower, not faster.
    let (early, late) = took.split_at(5);
    match early.iter().min().zip(late.iter().min()) {
        Some((early, late)) if *late > *early * 3 => {
            Err(format!("a tenth of the second half takes {late:?}, one of the first {early:?}").into())
        }
        _ => Ok(()),
    }
}

async fn set(registry: &Registry, number: usize) -> Result<(), Box<dyn Error>> {
    // An index of nothing needs no blobs.
    let index = br#"{"schemaVersion":2,"manifests":[]}"#;
    let put = Request::put(format!("/v2/many/manifests/t{number:06}"));
    let put = put.header("content-type", MediaType::IMAGE_INDEX.as_str());
    let response = registry.handle(put.body(Body::from(index.to_vec()))?).await;
    match response.status() {
        StatusCode::CREATED => Ok(()),
        status => Err(format!("tag {number} of {}: {status}", Digest::sha256(index)).into()),
    }
}

/// How many tags there are, and on how many pages.
async fn list(registry: &Registry) -> Result<(usize, usize), Box<dyn Error>> {
    let (mut listed, mut pages, mut last) = (0, 0, String::new());
    loop {
        let get = Request::get(format!("/v2/many/tags/list?n=1000&last={last}"));
        let response = registry.handle(get.body(Body::empty())?).await;
        let is_last = !response.headers().contains_key("link");
        let content = response.into_body().collect(1 << 20).await?;
        let page = TagList::parse(&content)?;
        listed += page.tags().len();
        pages += 1;
        if let Some(tag) = page.tags().last() {
            last = tag.to_string();
        }
        if is_last {
            return Ok((listed, pages));
        }
    }
}

fn show(what: &str, all: usize, these: usize, took: Duration) {
    let each = took.as_micros() / these.max(1) as u128;
    println!("{all:>7} tags {what}: {} ms, {each} µs each", took.as_millis());
}
