//! A real OpenSSH server on loopback, with a user, keys and a `kubectl` of its own. Its host key is
//! made for it, and may be changed while it runs, as happens when a machine is set up anew.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::emulator::Emulator;
use crate::fleet;
use crate::place;
use crate::process::{self, Running, wait_for};

/// Who may sign in.
pub const USER: &str = "ops";
/// The kinds of its host keys, as a machine usually has them.
pub const HOST_KEYS: [&str; 3] = ["ed25519", "ecdsa", "rsa"];
/// What opens the sealed key.
pub const PASSPHRASE: &str = "open-sesame-suite";

/// A running server.
#[derive(Debug)]
pub struct SshServer {
    running: Running,
    folder: PathBuf,
    openssh: PathBuf,
    port: u16,
}

impl SshServer {
    /// Starts a server whose `kubectl` reaches the emulator's cluster with a token.
    ///
    /// # Errors
    ///
    /// Fails if the server is not installed or does not start.
    pub fn start(emulator: &Emulator, token: &str) -> Result<Self> {
        let folder = emulator.scratch().folder("ssh")?;
        let openssh = place::openssh()?;
        for (name, passphrase) in [("plain", ""), ("sealed", PASSPHRASE)] {
            make_key(&openssh, &folder, name, "ed25519", passphrase)?;
        }
        make_host_keys(&openssh, &folder)?;
        let allowed = ["plain.pub", "sealed.pub"].map(|name| fs::read_to_string(folder.join(name)));
        let allowed: String = allowed.into_iter().collect::<Result<_, _>>()?;
        fs::write(folder.join("authorized"), allowed)?;
        write_kubectl(emulator, &folder, token)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let running = serve(&openssh, &folder, port)?;
        let server = Self {
            running,
            folder,
            openssh,
            port,
        };
        server.wait()?;
        Ok(server)
    }

    fn wait(&self) -> Result<()> {
        let ready = wait_for("the SSH server", Duration::from_secs(20), || {
            let listens = self.running.stderr().contains("Server listening");
            Ok(listens.then_some(()))
        });
        ready.with_context(|| self.running.stderr())
    }

    /// Returns where to sign in, as `USER@HOST:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{USER}@127.0.0.1:{}", self.port)
    }

    /// Returns the fingerprint of the Ed25519 host key, as `ssh-keygen` prints it.
    ///
    /// # Errors
    ///
    /// Fails if `ssh-keygen` does.
    pub fn fingerprint(&self) -> Result<String> {
        self.fingerprint_of("ed25519")
    }

    /// Returns the fingerprint of a host key, one of [`HOST_KEYS`].
    ///
    /// # Errors
    ///
    /// Fails if `ssh-keygen` does.
    pub fn fingerprint_of(&self, kind: &str) -> Result<String> {
        let mut command = keygen(&self.openssh, &self.folder);
        let said = process::run(command.args(["-l", "-f", &format!("host-{kind}.pub")]))?
            .expect_code(0)?;
        let print = said.stdout.split(' ').nth(1).context("no fingerprint")?;
        Ok(print.to_owned())
    }

    /// Returns the text of a private key: `plain`, or `sealed` with [`PASSPHRASE`].
    ///
    /// # Errors
    ///
    /// Fails if there is no such key.
    pub fn key(&self, name: &str) -> Result<String> {
        fs::read_to_string(self.folder.join(name)).with_context(|| format!("no key {name}"))
    }

    /// Returns the command that is `kubectl` there.
    #[must_use]
    pub fn kubectl(&self) -> String {
        self.folder.join("kubectl").display().to_string()
    }

    /// Returns the words of all command lines of `kubectl`.
    #[must_use]
    pub fn words(&self) -> String {
        fs::read_to_string(self.folder.join("words")).unwrap_or_default()
    }

    /// Returns what the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.running.stderr()
    }

    /// Gives the machine another host key, as setting it up anew would.
    ///
    /// # Errors
    ///
    /// Fails if the server does not start again.
    pub fn set_up_anew(&mut self) -> Result<()> {
        for kind in HOST_KEYS {
            for file in [format!("host-{kind}"), format!("host-{kind}.pub")] {
                fs::remove_file(self.folder.join(file))?;
            }
        }
        make_host_keys(&self.openssh, &self.folder)?;
        self.port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        self.running = serve(&self.openssh, &self.folder, self.port)?;
        self.wait()
    }
}

fn keygen(openssh: &Path, folder: &Path) -> Command {
    let mut command = place::isolated(&openssh.join("usr/bin/ssh-keygen"), folder);
    command.current_dir(folder);
    command
}

fn make_host_keys(openssh: &Path, folder: &Path) -> Result<()> {
    HOST_KEYS
        .into_iter()
        .try_for_each(|kind| make_key(openssh, folder, &format!("host-{kind}"), kind, ""))
}

fn make_key(openssh: &Path, folder: &Path, name: &str, kind: &str, passphrase: &str) -> Result<()> {
    let mut command = keygen(openssh, folder);
    command.args(["-q", "-t", kind, "-N", passphrase, "-f", name]);
    process::run(&mut command)?.expect_code(0).map(drop)
}

/// Starts the server itself. Its users are those of a file of ours, whoever runs the test.
fn serve(openssh: &Path, folder: &Path, port: u16) -> Result<Running> {
    let shown = folder.display();
    let host_keys = HOST_KEYS.map(|kind| format!("HostKey {shown}/host-{kind}\n"));
    let settings = format!(
        "Port {port}\nListenAddress 127.0.0.1\n{}\
         AuthorizedKeysFile {shown}/authorized\nStrictModes no\nUsePAM no\nPidFile none\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n",
        host_keys.concat()
    );
    fs::write(folder.join("sshd_config"), settings)?;
    let (user, group) = (rustix::process::getuid(), rustix::process::getgid());
    let (user, group) = (user.as_raw(), group.as_raw());
    let users = format!(
        "{USER}:x:{user}:{group}::{shown}:/bin/sh\nsshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n"
    );
    fs::write(folder.join("passwd"), users)?;
    fs::write(folder.join("group"), format!("{USER}:x:{group}:\n"))?;
    if user == 0 {
        // Where root's server locks itself in before anybody has signed in.
        fs::create_dir_all("/run/sshd").context("cannot make /run/sshd")?;
    }
    let libraries = openssh.join("libraries");
    let mut command = place::isolated(&openssh.join("usr/sbin/sshd"), folder);
    command
        .args(["-D", "-e", "-f"])
        .arg(folder.join("sshd_config"))
        .env("LD_PRELOAD", libraries.join("libnss_wrapper.so"))
        .env("LD_LIBRARY_PATH", &libraries)
        .env("NSS_WRAPPER_PASSWD", folder.join("passwd"))
        .env("NSS_WRAPPER_GROUP", folder.join("group"));
    Running::start(&mut command)
}

/// Writes the `kubectl` of the machine: the real one, with the way to the cluster, which notes the
/// words of its command line.
fn write_kubectl(emulator: &Emulator, folder: &Path, token: &str) -> Result<()> {
    let authority = emulator.variable("SSL_CERT_FILE").context("no authority")?;
    let proxy = emulator.variable("HTTPS_PROXY").context("no proxy")?;
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{"name": "here", "cluster": {
            "server": fleet::CLUSTER_API, "certificate-authority": authority, "proxy-url": proxy,
        }}],
        "users": [{"name": "here", "user": {"token": token}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "here"}}],
    });
    fs::write(folder.join("kubeconfig"), config.to_string())?;
    let real = place::kubectl()?;
    ensure!(real.is_absolute(), "{} is relative", real.display());
    let (real, shown) = (real.display(), folder.display());
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" >> {shown}/words\n\
         exec {real} --kubeconfig={shown}/kubeconfig --cache-dir={shown}/cache \"$@\"\n"
    );
    let path = folder.join("kubectl");
    fs::write(&path, script)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
