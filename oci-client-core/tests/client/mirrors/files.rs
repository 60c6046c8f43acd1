//! What `registries.conf` says of mirrors, in requests.

use oci_client_core::client::Client;
use oci_client_core::hosts::files::RegistriesConf;

use super::*;

fn client(runtime: &SimRuntime, setting: &str, server: Arc<Recorder<Registry>>) -> Client {
    let conf = format!("[[registry]]\nlocation = 'registry.test'\n{setting}");
    builder(runtime, server)
        .hosts(RegistriesConf::parse(&conf).unwrap())
        .build()
}

#[test]
fn p28_a_mirror_is_asked_by_tag_by_digest_or_both_as_registries_conf_says() {
    const MIRROR: &str = "[[registry.mirror]]\nlocation = 'm0.test'\n";
    let image = Image::new(11, &[100]);
    let blob = layer(&image.blobs[1]);
    for (setting, by_tag, by_its_digest) in [
        (MIRROR.to_owned(), true, true),
        (format!("{MIRROR}pull-from-mirror = 'all'\n"), true, true),
        (format!("{MIRROR}pull-from-mirror = 'tag-only'\n"), true, false),
        (format!("{MIRROR}pull-from-mirror = 'digest-only'\n"), false, true),
        (format!("mirror-by-digest-only = true\n{MIRROR}"), false, true),
    ] {
        let runtime = SimRuntime::new();
        // In process, all hosts are this one.
        let recorder = Arc::new(Recorder::new(Registry::in_memory()));
        let client = client(&runtime, &setting, recorder.clone());
        let repository = app(&client);
        runtime.run(async {
            let (store, options) = (image.store("1.0"), CopyOptions::new());
            copy(&store, &target("1.0"), &repository, Some(&tag("1.0")), &options)
                .await
                .unwrap();
            recorder.clear();
            repository.resolve(&target("1.0")).await.unwrap().unwrap();
            repository.manifest(&target("1.0")).await.unwrap();
            repository.manifest(&by_digest(image.digest())).await.unwrap();
            repository.blob(&blob).unwrap().bytes(100).await.unwrap();
        });
        let at_mirror: Vec<bool> = recorder.requests().iter().map(|request| request.origin == M0).collect();
        assert_eq!(at_mirror, [by_tag, by_tag, by_its_digest, by_its_digest], "{setting}");
    }
}
