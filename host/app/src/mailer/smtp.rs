//! Mail to a server: encrypted, with a time limit over all, and with reasons that tell whose fault it is.
//!
//! Each mail has a connection of its own. One that was given up in the middle is in no known state: from a pool it would
//! greet the next mail with the answer to this one. How many there are at a time, the workers bound.

use std::{error::Error as _, fs, time::Duration};

use async_trait::async_trait;
use lettre::{
    address::Envelope,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail as From, Rcpt},
        extension::ClientId,
    },
};
use shopkeeper_domain::mask_addresses;
use tokio::time::timeout;

use super::{
    Mail, MailError, Mailer,
    message::{Ready, Sender},
};
use crate::config::{self, Security};

/// How long the server gets to say goodbye. It has the mail then, so it doesn't matter whether it does.
const GOODBYE: Duration = Duration::from_secs(2);
/// How long a test of the connection may take.
const TEST: Duration = Duration::from_secs(15);
/// The most characters of what a server said.
const SAID: usize = 300;

/// Sends mails through a server.
pub(crate) struct SmtpMailer {
    sender: Sender,
    host: String,
    port: u16,
    security: Security,
    tls: TlsParameters,
    login: Option<Credentials>,
    time: Duration,
}

/// What the server was asked to take when it failed.
#[derive(Clone, Copy)]
enum Step {
    Connection,
    Login,
    Sender,
    Receiver,
    Content,
}

impl SmtpMailer {
    /// A mailer to the configured server, which is not talked to yet.
    pub(crate) fn new(config: &config::Mail) -> Result<Self, String> {
        let mut tls = TlsParameters::builder(config.host.clone());
        if !config.ca_file.as_os_str().is_empty() {
            let problem = |e: &dyn std::fmt::Display| {
                format!("mail.ca_file {} can't be used: {e}", config.ca_file.display())
            };
            let pem = fs::read(&config.ca_file).map_err(|e| problem(&e))?;
            if !pem.windows(11).any(|w| w == b"CERTIFICATE") {
                return Err(problem(&"it holds no certificate in PEM"));
            }
            tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|e| problem(&e))?);
        }
        let login = (config.username.clone(), config.password.reveal().to_owned());
        Ok(Self {
            sender: Sender::new(config)?,
            host: config.host.clone(),
            port: config.port,
            security: config.security,
            tls: tls.build().map_err(|e| format!("mail.ca_file can't be used: {e}"))?,
            login: Some(login).filter(|(name, _)| !name.is_empty()).map(Credentials::from),
            time: config.timeout(),
        })
    }

    /// Whether the server can be reached and takes the login; sends nothing.
    pub(crate) async fn test(&self) -> Result<(), MailError> {
        let test = async {
            let mut connection = self.connect().await?;
            let alive = connection.test_connected().await;
            connection.abort().await;
            let gone = || MailError::Transient(format!("{} went away after the login", self.server()));
            alive.then_some(()).ok_or_else(gone)
        };
        let time = self.time.min(TEST);
        timeout(time, test).await.unwrap_or_else(|_| Err(self.too_slow(time)))
    }

    /// Where mails go, for people.
    pub(crate) fn server(&self) -> String {
        format!("{}:{} ({})", self.host, self.port, self.security.name())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let name = ClientId::default();
        let wrapped = (self.security == Security::Tls).then(|| self.tls.clone());
        let server = (self.host.as_str(), self.port);
        let connected = AsyncSmtpConnection::connect_tokio1(server, None, &name, wrapped, None).await;
        let mut connection = connected.map_err(|e| self.failed(Step::Connection, &e))?;
        if self.security == Security::Starttls {
            // An error where the server doesn't offer it: nothing is said in the clear.
            let encrypted = connection.starttls(self.tls.clone(), &name).await;
            encrypted.map_err(|e| self.failed(Step::Connection, &e))?;
        }
        if let Some(login) = &self.login {
            let taken = connection.auth(DEFAULT_MECHANISMS, login).await;
            taken.map_err(|e| self.failed(Step::Login, &e))?;
        }
        Ok(connection)
    }

    /// Hands the message over, step by step, so that it is known what the server refused.
    async fn hand_over(&self, envelope: &Envelope, bytes: &[u8]) -> Result<AsyncSmtpConnection, MailError> {
        let mut connection = self.connect().await?;
        let sent = connection.command(From::new(envelope.from().cloned(), Vec::new())).await;
        sent.map_err(|e| self.failed(Step::Sender, &e))?;
        for to in envelope.to() {
            let taken = connection.command(Rcpt::new(to.clone(), Vec::new())).await;
            taken.map_err(|e| self.failed(Step::Receiver, &e))?;
        }
        let asked = connection.command(Data).await;
        asked.map_err(|e| self.failed(Step::Content, &e))?;
        connection.message(bytes).await.map_err(|e| self.failed(Step::Content, &e))?;
        Ok(connection)
    }

    /// Only what the server says about this receiver or this mail is for good. Anything else is for the operator to mend:
    /// a wrong password must not bounce the mails of all customers.
    fn failed(&self, step: Step, error: &Error) -> MailError {
        let what = match step {
            Step::Connection => "gave no safe connection",
            Step::Login => "did not take the login (mail.username and mail.password)",
            Step::Sender => "does not send for mail.from_address",
            Step::Receiver => "did not take the customer's address",
            Step::Content => "did not take the mail",
        };
        let reason = format!("the mail server {} {what}: {}", self.server(), said(error));
        let about_the_mail = matches!(step, Step::Receiver | Step::Content);
        if about_the_mail && error.is_permanent() {
            MailError::Permanent(reason)
        } else {
            MailError::Transient(reason)
        }
    }

    fn too_slow(&self, time: Duration) -> MailError {
        MailError::Transient(format!(
            "the mail server {} took longer than {} s",
            self.server(),
            time.as_secs()
        ))
    }
}

/// The server's code and words, or what else went wrong: one line, not too long, without addresses.
fn said(error: &Error) -> String {
    let words = match (error.status(), error.source()) {
        (Some(code), Some(words)) => format!("{code} {words}"),
        _ => error.to_string(),
    };
    let line: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    mask_addresses(&line).chars().take(SAID).collect()
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let Ready { envelope, bytes } = self.sender.message(mail).await?;
        // Lettre's own limit ends with the connection's beginning.
        let handed_over = timeout(self.time, self.hand_over(&envelope, &bytes)).await;
        let mut connection = handed_over.unwrap_or_else(|_| Err(self.too_slow(self.time)))?;
        let _ = timeout(GOODBYE, connection.abort()).await;
        Ok(())
    }
}
