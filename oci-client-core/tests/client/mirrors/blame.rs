//! Whose fault it is, in errors.

use super::*;

#[test]
fn p28_an_error_about_wrong_content_names_who_sent_it() {
    let (content, wrong) = (noise(7, 1000), noise(8, 1000));
    let path = blob_path(&layer(&content).digest);
    let whole = |origin| Exchange::get(&path, Reply::new(200).with_body(wrong.clone())).at(origin);
    let runtime = SimRuntime::new();
    let folder = tempfile::tempdir().unwrap();
    let save = |config, script: &[Exchange]| {
        let repository = scripted(&runtime, config, script.to_vec());
        let (path, options) = (folder.path().join("layer"), PullOptions::new());
        let error = runtime.run(repository.save_blob(&layer(&content), path, &options));
        error.unwrap_err()
    };
    let named = |host: &str, error: oci_client_core::Error| {
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
        assert_eq!(error.url(), Some(&*format!("https://{host}{path}")), "{error}");
    };
    named("registry.test", save(config([]), &[whole(ORIGIN)]));
    named("m1.test", save(two(), &[whole(M0), whole(M1)]));
    // Elsewhere it has another name.
    let cache = mirror(1).with_repository_prefix("hub".parse().unwrap());
    let renamed = Exchange::get(
        path.replace("/v2/", "/v2/hub/"),
        Reply::new(200).with_body(wrong.clone()),
    )
    .at(M1);
    let error = save(config([mirror(0), cache]), &[whole(M0), renamed]);
    let url = error.url().unwrap();
    assert!(url.starts_with("https://m1.test/v2/hub/app/"), "{error}");
}
