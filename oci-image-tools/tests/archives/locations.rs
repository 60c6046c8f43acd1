//! Copies between every kind of place, as tools name them.

use futures_executor::block_on;
use oci_client_core::ErrorKind;
use oci_client_core::store::{CopyOptions, copy};
use oci_image_tools::location::Location;

use crate::support::{Graph, client, tag, target};

#[test]
fn an_image_with_its_referrers_goes_from_every_kind_of_place_to_every_other() {
    let (graph, folder, client) = (Graph::new(), tempfile::tempdir().unwrap(), client());
    let at = |text: &str| {
        text.replace("TMP", folder.path().to_str().unwrap())
            .parse::<Location>()
            .unwrap()
    };
    let options = CopyOptions::new().with_referrers();
    let image = graph.images[1].digest();
    block_on(async {
        let start = at("a.test/app:v1");
        let registry = start.create(&client).await.unwrap();
        let from = target(&image.to_string());
        copy(&graph.store, &from, registry.target(), registry.tag(), &options)
            .await
            .unwrap();
        let places = [
            "oci:TMP/layout:v1",
            "oci-archive:TMP/oci.tar:v1",
            "docker-archive:TMP/docker.tar:app:v1",
            "b.test/app:v1",
        ];
        let mut places: Vec<String> = places
            .iter()
            .flat_map(|one| places.map(|other| [one, other]))
            .flatten()
            .map(str::to_owned)
            .collect();
        places.insert(0, "a.test/app:v1".to_owned());
        for pair in places.windows(2) {
            let (from, to) = (
                at(&pair[0]).open(&client).await.unwrap(),
                at(&pair[1]).create(&client).await.unwrap(),
            );
            let copied = copy(from.source(), from.target(), to.target(), to.tag(), &options)
                .await
                .unwrap();
            to.finish().await.unwrap();
            assert_eq!((copied.root.digest(), copied.referrers), (image, 1), "{pair:?}");
        }
    });
}

#[test]
fn without_a_tag_the_one_entry_is_meant_and_several_are_an_error() {
    let (graph, folder, client) = (Graph::new(), tempfile::tempdir().unwrap(), client());
    let at = |text: &str| {
        text.replace("TMP", folder.path().to_str().unwrap())
            .parse::<Location>()
            .unwrap()
    };
    let options = CopyOptions::new().with_referrers();
    block_on(async {
        for place in [
            "oci:TMP/layout",
            "oci-archive:TMP/oci.tar",
            "docker-archive:TMP/docker.tar",
        ] {
            let to = at(&format!("{place}:v1")).create(&client).await.unwrap();
            let from = target("image1");
            copy(&graph.store, &from, to.target(), to.tag(), &options)
                .await
                .unwrap();
            to.finish().await.unwrap();
            let found = at(place).open(&client).await.unwrap();
            let found = found.source().manifest(found.target()).await.unwrap();
            assert_eq!(found.digest(), graph.images[1].digest(), "{place}");
            let error = at(&format!("{place}@{}", found.digest()))
                .create(&client)
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
        let layout = at("oci:TMP/layout").create(&client).await.unwrap();
        let from = target("image0");
        copy(&graph.store, &from, layout.target(), Some(&tag("v2")), &options)
            .await
            .unwrap();
        let error = at("oci:TMP/layout").open(&client).await.unwrap_err();
        assert!(error.to_string().contains("2 entries"), "{error}");
    });
}
