use std::collections::HashSet;
use std::mem::discriminant;

use super::*;
use crate::Responder;

/// What 200 exchanges look like to the client: the status and body, or the failure; `None` where it waited in vain.
fn exchanges(seed: u64) -> (Vec<Option<String>>, Vec<Fault>) {
    let runtime = SimRuntime::new();
    let server = Responder::new(&runtime, |_| Reply::new(200).with_body(vec![b'x'; 100]));
    let faulty = FaultyTransport::new(server, &runtime, seed).with_rate(90);
    let seen = (0..200).map(|_| {
        let request = Request::put("https://registry.test/")
            .body(Body::from(vec![b'y'; 100]))
            .unwrap();
        runtime.run(async {
            let exchange = Box::pin(async {
                let response = faulty.send(request).await?;
                let status = response.status();
                Ok::<_, TransportError>(format!("{status} {:?}", response.into_body().collect(1000).await?))
            });
            let patience = runtime.sleep(Duration::from_secs(60));
            match futures_util::future::select(exchange, patience).await {
                futures_util::future::Either::Left((outcome, _)) => {
                    Some(outcome.unwrap_or_else(|error| error.to_string()))
                }
                futures_util::future::Either::Right(_) => None,
            }
        })
    });
    (seen.collect(), faulty.faults())
}

#[test]
fn the_same_seed_gives_the_same_faults_and_another_one_others() {
    assert_eq!(exchanges(1), exchanges(1));
    assert_ne!(exchanges(1), exchanges(2));
}

#[test]
fn every_fault_comes_and_does_what_it_says() {
    let (seen, faults) = exchanges(3);
    assert_eq!(faults.iter().map(discriminant).collect::<HashSet<_>>().len(), 11);
    let whole = format!("200 OK b\"{}\"", "x".repeat(100));
    let texts = [
        whole.as_str(),
        "429 Too Many Requests b\"\"",
        "503 Service Unavailable b\"\"",
        "no connection: as the test wants it",
        "the body broke off: as the test wants it",
        "the connection was lost: as the test wants it",
    ];
    for text in texts {
        assert!(seen.iter().flatten().any(|seen| seen == text), "{text}");
    }
    assert!(seen.contains(&None));
    let corrupted =
        |text: &&String| text.starts_with("200") && text.matches('x').count() == 99 && text.len() == whole.len();
    assert!(seen.iter().flatten().any(|text| corrupted(&text)));
}

#[test]
fn a_fault_that_is_set_happens_once_to_the_request_that_fits() {
    let runtime = SimRuntime::new();
    let server = Responder::new(&runtime, |_| Reply::new(200));
    let faulty = FaultyTransport::new(server, &runtime, 1).with_rate(0);
    faulty.set(Fault::LostAnswer, |request| request.uri().path() == "/b");
    faulty.set(Fault::Unavailable, |_| true);
    let exchanges = ["/a", "/b", "/b"].map(|path| {
        let request = Request::get(format!("https://registry.test{path}"));
        let request = request.body(Body::empty()).unwrap();
        let answer = runtime.run(faulty.send(request));
        answer.map_or(0, |response| response.status().as_u16())
    });
    assert_eq!(exchanges, [503, 0, 200]);
    assert_eq!(faulty.faults(), [Fault::Unavailable, Fault::LostAnswer]);
}
