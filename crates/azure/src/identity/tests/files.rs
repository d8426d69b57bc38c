//! Tests of secrets and certificates that are read from files.

use super::{
    ARM, ARM_APPLICATION, AZURE, Env, SignIn, check, describe, fixture, in_one_line, nothing, some,
    with,
};

#[test]
fn a_secret_is_given_or_read_from_a_file() {
    let folder = std::env::temp_dir().join(format!("keyrotation-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (full, empty) = (folder.join("secret"), folder.join("empty"));
    std::fs::write(&full, "from file\r\n").expect("a file");
    std::fs::write(&empty, "\n").expect("a file");
    let (full, empty) = (full.to_string_lossy(), empty.to_string_lossy());
    let variables = |path: &str| {
        let path = path.to_owned();
        let file = ("ARM_CLIENT_SECRET_FILE_PATH".to_owned(), path);
        let own = ARM_APPLICATION.map(|(name, value)| (name.to_owned(), value.to_owned()));
        own.into_iter().chain([file]).collect::<Vec<_>>()
    };
    let chosen = |path: &str| match SignIn::choose(&nothing(), &Env::from_pairs(variables(path))) {
        Ok(sign_in) => describe(&sign_in),
        Err(error) => in_one_line(&error),
    };
    assert_eq!(chosen(&full), "secret t c from file");
    let place = "of the variable ARM_CLIENT_SECRET_FILE_PATH";
    assert_eq!(
        chosen(&empty),
        format!("cannot read the file `{empty}` {place}: it is empty")
    );
    let absent = chosen("/nowhere/secret");
    assert!(absent.starts_with(&format!("cannot read the file `/nowhere/secret` {place}: ")));
    let file = with(|set| set.client_secret_file_path = Some(full.clone().into_owned()));
    check(&file, &ARM, "secret t c from file");
    std::fs::remove_dir_all(&folder).expect("an own folder");
}

#[test]
fn a_certificate_is_given_or_read_from_a_file() {
    let path = fixture("throw-away-modern.p12");
    let password = ("ARM_CLIENT_CERTIFICATE_PASSWORD", "canary-password");
    let file = ("ARM_CLIENT_CERTIFICATE_PATH", path.as_str());
    let arm = [&ARM[..], &[file, password]].concat();
    check(&nothing(), &arm, "certificate t c 2");
    let file = ("AZURE_CLIENT_CERTIFICATE_PATH", path.as_str());
    let password = ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "canary-password");
    let azure = [&AZURE[..2], &[file, password]].concat();
    check(&nothing(), &azure, "certificate T C 2");
    let pem = std::fs::read_to_string(fixture("throw-away.pem")).expect("a text");
    let text = with(|set| set.client_certificate = Some(pem.into()));
    check(&text, &ARM, "certificate t c 2");
    let odd = with(|set| set.client_certificate = some("canary"));
    check(
        &odd,
        &ARM,
        "cannot use the certificate of client_certificate: \
         it is neither a PEM file nor Base64 of a PKCS#12 file",
    );
    let file = ("ARM_CLIENT_CERTIFICATE_PATH", path.as_str());
    check(
        &nothing(),
        &[&ARM_APPLICATION[..], &[file]].concat(),
        "cannot use the certificate of the variable ARM_CLIENT_CERTIFICATE_PATH: \
         its private key is encrypted and client_certificate_password is not set",
    );
}
