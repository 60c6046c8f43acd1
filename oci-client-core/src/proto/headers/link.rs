use http::HeaderMap;
use http::header::LINK;

/// The target of the first `Link` whose relation is `next`, as it was sent: to be resolved against the URL that answered ([RFC 8288]).
///
/// All `Link` lines and all links in a line are read; the relation may be quoted or not, in any case, and one of several. Targets keep every byte.
///
/// ```
/// use http::header::{HeaderMap, HeaderValue, LINK};
/// use oci_client_core::proto::headers::next_link;
///
/// let mut headers = HeaderMap::new();
/// headers.insert(LINK, HeaderValue::from_static(r#"</v2/a/tags/list?last=b%3D&n=2>; rel="next""#));
/// assert_eq!(next_link(&headers), Some("/v2/a/tags/list?last=b%3D&n=2"));
/// ```
///
/// [RFC 8288]: https://www.rfc-editor.org/rfc/rfc8288
pub fn next_link(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(next_in_line)
}

fn next_in_line(line: &str) -> Option<&str> {
    let mut rest = line;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (target, parameters) = after.split_once('>')?;
        let end = end_of_link(parameters);
        let (parameters, following) = parameters.split_at(end);
        if is_next(parameters) {
            return Some(target);
        }
        rest = following;
    }
}

/// Where the link ends that these parameters belong to: at the first comma outside quotes.
fn end_of_link(parameters: &str) -> usize {
    unquoted(parameters, ',').next().unwrap_or(parameters.len())
}

/// Whether `rel` among the parameters names `next`. Only the first `rel` counts.
fn is_next(parameters: &str) -> bool {
    let mut start = 0;
    let ends = unquoted(parameters, ';').chain(std::iter::once(parameters.len()));
    for end in ends {
        let parameter = parameters.get(start..end).unwrap_or_default();
        start = end.saturating_add(1);
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        if name.trim().eq_ignore_ascii_case("rel") {
            let value = value.trim().trim_matches('"');
            return value
                .split_ascii_whitespace()
                .any(|relation| relation.eq_ignore_ascii_case("next"));
        }
    }
    false
}

/// The positions of `wanted` (an ASCII character) outside quoted strings.
fn unquoted(text: &str, wanted: char) -> impl Iterator<Item = usize> + '_ {
    let mut quoted = false;
    let mut escaped = false;
    text.char_indices().filter_map(move |(position, character)| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if character == wanted && !quoted => return Some(position),
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn next(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(LINK, HeaderValue::from_str(line).unwrap());
        }
        next_link(&headers).map(str::to_owned)
    }

    #[test]
    fn cd2_a12_every_form_of_next_is_found() {
        for line in [
            "</x?n=1>; rel=\"next\"",
            "</x?n=1>;rel=next",
            "</x?n=1>; title=\"a, b; rel=prev\"; REL=\"first NEXT\"",
            "</y>; rel=prev, </x?n=1>; rel=next",
            "</y>; rel=prev; rel=next, </x?n=1>; rel=next",
            "</y>; title=\"\\\">; rel=next\", </x?n=1>; rel=\"next\"",
        ] {
            assert_eq!(next(&[line]).as_deref(), Some("/x?n=1"), "{line}");
        }
        assert_eq!(next(&["</y>; rel=last", "</x>; rel=next"]).as_deref(), Some("/x"));
    }

    #[test]
    fn cd2_anything_else_is_no_next_page() {
        for line in [
            "",
            "/x; rel=next",
            "</x",
            "</x>",
            "</x>; rel=prev",
            "</x>; title=next",
            "</x>; rel=nextpage",
            "<>; rev=next",
        ] {
            assert_eq!(next(&[line]), None, "{line}");
        }
    }
}
