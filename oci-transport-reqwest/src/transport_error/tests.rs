use super::*;

#[derive(Debug, thiserror::Error)]
#[error("outer")]
struct Outer(#[source] io::Error);

#[derive(Debug, thiserror::Error)]
#[error("inner")]
struct Inner(#[source] std::num::ParseIntError);

#[test]
fn causes_include_the_error_inside_an_io_error() {
    let number = "x".parse::<u8>().unwrap_err();
    let error = Outer(io::Error::other(Inner(number.clone())));
    let texts: Vec<_> = causes(&error).map(ToString::to_string).collect();
    assert_eq!(texts, ["outer", "inner", "inner", &number.to_string()]);
    assert!(causes(&error).any(|cause| cause.is::<Inner>()));
}

#[test]
fn a_chain_without_end_is_cut() {
    #[derive(Debug)]
    struct Looping;
    impl std::fmt::Display for Looping {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("again")
        }
    }
    impl StdError for Looping {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(self)
        }
    }
    assert_eq!(causes(&Looping).count(), 16);
}
