//! The outbox, pushed: a WebSocket on which entries go out, acknowledgements and messages come in.
//!
//! A connection resumes by itself: whatever was not acknowledged is pushed once on every new connection, under the
//! same ids. The window is the first [`WINDOW`] entries that wait; a client that never acknowledges gets no more, so
//! that nothing piles up here. Frames are read one at a time, each done before the next, so that a flood waits in
//! the network.

use std::{collections::HashSet, convert::Infallible, time::Duration};

use axum::{
    extract::{
        State,
        ws::{
            CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection,
        },
    },
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shopkeeper_domain::OutboxId;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use uuid::Uuid;

use super::{
    App, JSON_BODY,
    access::{Connector, InShop},
    extract::parse,
    messages::{self, MessageBody},
    outbox::{self, EntryView},
    problem::Problem,
    views::json,
};

/// How many entries a connection may owe acknowledgements for.
const WINDOW: u32 = 256;
/// How often the client is asked whether it is there.
const HEARTBEAT: Duration = Duration::from_secs(25);
/// How long the client may take for what is sent to it, and for a sign of life.
const PATIENCE: Duration = Duration::from_secs(50);
/// How long a goodbye may take.
const PARTING: Duration = Duration::from_secs(2);
/// A frame larger than [`JSON_BODY`] is read to its end, so that the client can hear why it is refused; not one
/// larger than this.
const FRAME: usize = 4 * JSON_BODY;
/// What a connection keeps ready for reading and writing.
const BUFFER: usize = 8 << 10;

/// Close codes of RFC 6455.
mod code {
    pub(super) const AWAY: u16 = 1001;
    pub(super) const PROTOCOL: u16 = 1002;
    pub(super) const UNSUPPORTED: u16 = 1003;
    pub(super) const NO_JSON: u16 = 1007;
    pub(super) const POLICY: u16 = 1008;
    pub(super) const TOO_BIG: u16 = 1009;
    pub(super) const BROKEN: u16 = 1011;
}

/// What the client sends: exactly one of `ack` and `message`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Incoming {
    /// The entry that was sent.
    ack: Option<Uuid>,
    /// The body of `POST messages`.
    message: Option<Box<RawValue>>,
    /// Comes back with the answer.
    #[serde(rename = "ref")]
    reference: Option<Box<RawValue>>,
}

/// What the client gets: one of the three.
#[derive(Default, Serialize)]
struct Outgoing {
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<EntryView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<Box<RawValue>>,
}

/// The answer to a message, as over HTTP.
#[derive(Serialize)]
struct Answer {
    status: u16,
    body: Box<RawValue>,
}

/// Why a connection ends.
enum End {
    /// The client went.
    Gone,
    /// The service ends it, and says why.
    Close(u16, String),
}

impl End {
    fn close(code: u16, reason: impl Into<String>) -> Self {
        Self::Close(code, reason.into())
    }

    fn broken(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a connection failed");
        Self::close(code::BROKEN, "the service can't read or store anything right now: connect again")
    }
}

/// The outbox over a WebSocket, and messages in on the same line. Frames are JSON texts.
///
/// The service sends `{"entry": {…}}`, as in `GET outbox`, for everything that waits, in order, then as it comes; at
/// most 256 that were not acknowledged. The client sends `{"ack": "<id>"}` for each, and `{"message": {…}, "ref": …}`
/// with the body of `POST messages`, answered with `{"answer": {"status", "body"}, "ref"}` or, as anything else that
/// is refused, with `{"problem": {…}, "ref"}`. What was not acknowledged comes again on the next connection, under
/// the same id. Of several connections each gets everything that waits. At most 32 a shop.
#[utoipa::path(get, path = "/connect", params(("shop" = String, Path)),
    responses((status = 101, description = "the connection is a WebSocket now"), (status = 400, body = Problem),
        (status = 426, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn connect(
    State(app): State<App>,
    access: InShop<Connector>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade
        .map_err(|e| Problem::new(e.status(), format!("this path is a WebSocket: {}", e.body_text())))?;
    let place = access.shop.connections.clone().try_acquire_owned();
    let place =
        place.map_err(|_| Problem::too_many("as many connectors of this shop are connected as may"))?;
    let counted = app.connections.token();
    let upgrade = upgrade.max_message_size(FRAME).max_frame_size(FRAME);
    let upgrade = upgrade.read_buffer_size(BUFFER).write_buffer_size(BUFFER);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let pulse = Pulse { missed: 0 };
        Connection { app, access, socket, in_flight: HashSet::new(), full: false, pulse }.serve().await;
        drop((place, counted));
    }))
}

/// A client that is connected.
struct Connection {
    app: App,
    access: InShop<Connector>,
    socket: WebSocket,
    /// What was pushed and waits for its acknowledgement.
    in_flight: HashSet<OutboxId>,
    /// More may wait than the window holds.
    full: bool,
    pulse: Pulse,
}

impl Connection {
    async fn serve(mut self) {
        let Err(end) = self.converse().await;
        let parting = async {
            if let End::Close(code, reason) = end {
                let frame = CloseFrame { code, reason: short(reason) };
                if self.socket.send(Message::Close(Some(frame))).await.is_err() {
                    return;
                }
            }
            // What the client still sends is read, so that it gets to read our last word.
            while let Some(Ok(_)) = self.socket.recv().await {}
        };
        // A client that does not answer the goodbye is left without one.
        let _ = timeout(PARTING, parting).await;
    }

    async fn converse(&mut self) -> Result<Infallible, End> {
        // Listening begins before looking, so that nothing falls in between.
        let mut bell = self.access.shop.chat.subscribe();
        let mut keys = self.app.keys.taken_away();
        bell.mark_changed();
        keys.mark_changed();
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stop = self.app.stop.clone();
        loop {
            tokio::select! {
                () = stop.cancelled() => return Err(End::close(code::AWAY, "the service goes down: connect again")),
                _ = keys.changed() => self.renew().await?,
                _ = bell.changed() => self.push().await?,
                _ = heartbeat.tick() => self.beat().await?,
                frame = self.socket.recv() => self.take(frame).await?,
            }
        }
    }

    /// The shop as it is now, if the key still opens it.
    async fn renew(&mut self) -> Result<(), End> {
        let renewed = self.access.renewed(&self.app).await.map_err(|e| End::broken(&e))?;
        self.access = renewed.ok_or_else(|| End::close(code::POLICY, "this key was taken away"))?;
        Ok(())
    }

    /// Sends what of the window this connection has not got yet.
    async fn push(&mut self) -> Result<(), End> {
        let shop = self.access.shop.clone();
        let waiting = outbox::waiting(&self.app, &shop.id, None, WINDOW).await;
        let waiting = waiting.map_err(|e| End::broken(&e))?;
        // What is not among them any more was acknowledged elsewhere.
        let window: HashSet<OutboxId> = waiting.iter().map(|e| e.id).collect();
        self.full = window.len() == WINDOW as usize;
        let pushed = std::mem::replace(&mut self.in_flight, window);
        for entry in waiting.into_iter().filter(|e| !pushed.contains(&e.id)) {
            if let Some(entry) = EntryView::of(&self.app.service, &shop, entry) {
                self.send(Outgoing { entry: Some(entry), ..Outgoing::default() }).await?;
            }
        }
        Ok(())
    }

    async fn beat(&mut self) -> Result<(), End> {
        if !self.pulse.beat() {
            return Err(End::close(code::POLICY, "two pings were not answered"));
        }
        self.transmit(Message::Ping(axum::body::Bytes::new())).await
    }

    async fn take(&mut self, frame: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let text = match frame {
            None | Some(Ok(Message::Close(_))) => return Err(End::Gone),
            Some(Err(error)) => return Err(End::close(code::PROTOCOL, error.to_string())),
            Some(Ok(Message::Binary(_))) => {
                return Err(End::close(code::UNSUPPORTED, "frames are JSON texts"));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                self.pulse.heard();
                return Ok(());
            }
            Some(Ok(Message::Text(text))) => text,
        };
        self.pulse.heard();
        if text.len() > JSON_BODY {
            return Err(End::close(code::TOO_BIG, "a frame is at most 1 MiB"));
        }
        self.renew().await?;
        let incoming: Incoming = match parse(text.as_bytes()) {
            Ok(incoming) => incoming,
            Err(_) if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err() => {
                return Err(End::close(code::NO_JSON, "this is no JSON"));
            }
            Err(problem) => return self.refuse(problem, None).await,
        };
        let done = match self.app.permits.clone().try_acquire_owned() {
            // The same places as every request's: held until this one is done.
            Ok(_place) => self.obey(incoming.ack, incoming.message).await,
            Err(_) => {
                Err(Problem::too_many("the service is working on as many requests as it can: try again"))
            }
        };
        match done {
            Ok(Some(answer)) => {
                let answer =
                    Outgoing { answer: Some(answer), reference: incoming.reference, ..Outgoing::default() };
                self.send(answer).await?;
            }
            Ok(None) => {}
            Err(problem) => self.refuse(problem, incoming.reference).await?,
        }
        if self.full && self.in_flight.len() <= WINDOW as usize / 2 {
            self.push().await?;
        }
        Ok(())
    }

    async fn obey(
        &mut self,
        ack: Option<Uuid>,
        message: Option<Box<RawValue>>,
    ) -> Result<Option<Answer>, Problem> {
        match (ack, message) {
            (Some(id), None) => {
                let id = OutboxId(id);
                outbox::sent(&self.app, &self.access, id).await?;
                self.in_flight.remove(&id);
                Ok(None)
            }
            (None, Some(message)) => {
                let message: MessageBody = parse(message.get().as_bytes())?;
                let reply = messages::take(&self.app, &self.access, message).await?;
                let body = RawValue::from_string(reply.body).expect("a reply is JSON");
                Ok(Some(Answer { status: reply.status, body }))
            }
            _ => Err(Problem::invalid("", "a frame holds exactly one of ack and message")),
        }
    }

    async fn refuse(&mut self, problem: Problem, reference: Option<Box<RawValue>>) -> Result<(), End> {
        self.send(Outgoing { problem: Some(problem), reference, ..Outgoing::default() }).await
    }

    async fn send(&mut self, frame: Outgoing) -> Result<(), End> {
        self.transmit(Message::text(json(&frame))).await
    }

    /// A client that does not read is not waited for, neither for long nor when the service goes down.
    async fn transmit(&mut self, message: Message) -> Result<(), End> {
        let stop = self.app.stop.clone();
        tokio::select! {
            biased;
            sent = timeout(PATIENCE, self.socket.send(message)) => match sent {
                Ok(Ok(())) => Ok(()),
                _ => Err(End::Gone),
            },
            () = stop.cancelled() => Err(End::Gone),
        }
    }
}

/// Whether the client is still there.
struct Pulse {
    /// Pings since it was heard.
    missed: u32,
}

impl Pulse {
    fn heard(&mut self) {
        self.missed = 0;
    }

    /// Whether one more ping is due; if not, two were not answered.
    fn beat(&mut self) -> bool {
        self.missed += 1;
        self.missed <= 2
    }
}

/// A close frame holds 123 bytes of reason.
fn short(mut reason: String) -> Utf8Bytes {
    reason.truncate(reason.floor_char_boundary(123));
    reason.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pings_may_stay_unanswered_and_no_third_is_sent() {
        let mut pulse = Pulse { missed: 0 };
        assert!(pulse.beat() && pulse.beat());
        pulse.heard();
        assert!(pulse.beat() && pulse.beat() && !pulse.beat());
    }

    #[test]
    fn a_long_reason_is_cut_on_a_character() {
        assert_eq!(short("掌".repeat(100)).as_str(), "掌".repeat(41));
    }
}
