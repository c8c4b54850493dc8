//! A mail server that is not ours, started for a test.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

pub(crate) const LOGIN: &str = "shop@example.com";
pub(crate) const PASSWORD: &str = "00-authorisation-code";

/// A running server with a certificate that it signed itself; gone when dropped.
pub(crate) struct MailServer {
    child: Child,
    security: &'static str,
    port: u16,
    folder: TempDir,
    events: UnboundedReceiver<String>,
}

impl MailServer {
    /// A server that is encrypted by `tls` or `starttls`, or not at all: `none`.
    pub(crate) fn start(security: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        fs::write(&certificate, own.cert.pem()).expect("written");
        fs::write(&key, own.signing_key.serialize_pem()).expect("written");
        fs::create_dir(folder.path().join("mails")).expect("a folder");
        let project = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(project.join("../target/peers/bin/python"));
        command.arg(project.join("peers/mail_server.py")).arg(security).arg(folder.path().join("mails"));
        command.arg("--certificate").arg(certificate).arg("--key").arg(key);
        command.args(["--login", LOGIN, "--password", PASSWORD]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the server starts: cargo xtask setup installs it");
        let mut lines = BufReader::new(child.stdout.take().expect("output")).lines().map_while(Result::ok);
        let port = lines.next().and_then(|line| line.parse().ok()).expect("it says its port");
        let (sender, events) = unbounded_channel();
        std::thread::spawn(move || lines.try_for_each(|line| sender.send(line)));
        Self { child, security, port, folder, events }
    }

    /// What the service must be told to send through it.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let own = self.folder.path().join("certificate.pem");
        // A server without encryption is spoken to as one that should have it.
        let security = if self.security == "none" { "starttls" } else { self.security };
        vec![
            ("SHOPKEEPER_MAIL__TRANSPORT", "smtp".to_owned()),
            ("SHOPKEEPER_MAIL__HOST", "localhost".to_owned()),
            ("SHOPKEEPER_MAIL__PORT", self.port.to_string()),
            ("SHOPKEEPER_MAIL__SECURITY", security.to_owned()),
            ("SHOPKEEPER_MAIL__USERNAME", LOGIN.to_owned()),
            ("SHOPKEEPER_MAIL__PASSWORD", PASSWORD.to_owned()),
            ("SHOPKEEPER_MAIL__FROM_ADDRESS", LOGIN.to_owned()),
            ("SHOPKEEPER_MAIL__CA_FILE", own.to_str().expect("a path").to_owned()),
        ]
    }

    /// What happened since the last time, up to and with the first line that begins so.
    pub(crate) async fn until(&mut self, wanted: &str) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            let event = timeout(Duration::from_secs(60), self.events.recv()).await;
            let Ok(Some(line)) = event else { panic!("{wanted:?} never came; there was {seen:?}") };
            seen.push(line);
            if seen.last().is_some_and(|l| l.starts_with(wanted)) {
                return seen;
            }
        }
    }

    /// The mails in the order they came, with what became of each.
    pub(crate) fn mails(&self) -> Vec<(String, Vec<u8>)> {
        let folder = fs::read_dir(self.folder.path().join("mails")).expect("the mails");
        let mut paths: Vec<PathBuf> = folder.map(|f| f.expect("a file").path()).collect();
        paths.sort();
        let outcome = |path: &PathBuf| {
            let name = path.file_stem().and_then(|n| n.to_str()).expect("a name");
            name.split_once('-').expect("number and outcome").1.to_owned()
        };
        paths.iter().map(|p| (outcome(p), fs::read(p).expect("a mail"))).collect()
    }

    /// The only mail it took.
    #[track_caller]
    pub(crate) fn kept(&self) -> Vec<u8> {
        let mut kept: Vec<_> = self.mails().into_iter().filter(|(what, _)| what == "kept").collect();
        assert_eq!(kept.len(), 1, "one mail");
        kept.remove(0).1
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
