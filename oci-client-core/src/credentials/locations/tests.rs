use super::*;

struct Fake<'a>(&'a [(&'a str, &'a str)]);

impl Environment for Fake<'_> {
    fn home(&self) -> Option<PathBuf> {
        self.place("HOME")
    }

    fn user(&self) -> Option<u32> {
        let (_, number) = self.0.iter().find(|(known, _)| *known == "number of the user")?;
        number.parse().ok()
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        let (_, value) = self.0.iter().find(|(known, _)| *known == name)?;
        Some(value.into())
    }
}

#[test]
fn the_files_of_each_environment() {
    let home = ("HOME", "/h");
    let (docker, user) = ("/h/.docker/config.json", "/h/.config/containers/auth.json");
    let (root, of_root) = (("number of the user", "0"), "/run/containers/0/auth.json");
    let rows: [(&[_], &[_]); 13] = [
        (&[], &[]),
        (&[home, root], &[of_root, user, docker]),
        (&[home, root, ("XDG_RUNTIME_DIR", "")], &[of_root, user, docker]),
        (
            &[home, root, ("XDG_RUNTIME_DIR", "/r")],
            &["/r/containers/auth.json", user, docker],
        ),
        (&[home, root, ("DOCKER_CONFIG", "/d")], &["/d/config.json"]),
        (&[home], &[user, docker]),
        (
            &[home, ("XDG_RUNTIME_DIR", "/r")],
            &["/r/containers/auth.json", user, docker],
        ),
        (&[home, ("XDG_CONFIG_HOME", "/c")], &["/c/containers/auth.json", docker]),
        (&[home, ("XDG_RUNTIME_DIR", "")], &[user, docker]),
        (&[home, ("DOCKER_CONFIG", "/d")], &["/d/config.json"]),
        (&[home, ("REGISTRY_AUTH_FILE", "/a")], &["/a", docker]),
        (
            &[("REGISTRY_AUTH_FILE", "/a"), ("DOCKER_CONFIG", "/d")],
            &["/a", "/d/config.json"],
        ),
        (&[home, ("DOCKER_CONFIG", "")], &[user, docker]),
    ];
    for (variables, expected) in rows {
        let found: Vec<_> = all(&Fake(variables))
            .into_iter()
            .map(|location| location.path)
            .collect();
        let expected: Vec<_> = expected.iter().map(PathBuf::from).collect();
        assert_eq!(found, expected, "{variables:?}");
    }
}

#[test]
fn only_the_file_that_is_named_has_to_be_there() {
    let environment = Fake(&[("REGISTRY_AUTH_FILE", "/a"), ("DOCKER_CONFIG", "/d")]);
    let named: Vec<_> = all(&environment)
        .into_iter()
        .map(|location| location.is_named)
        .collect();
    assert_eq!(named, [true, false]);
}
