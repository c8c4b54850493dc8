//! A service that listens, until it is told to stop; then it finishes what it has in hand.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    http,
    service::{Service, StartError},
    workers,
};

/// How long requests and workers get to finish when the service goes down.
const DRAIN: Duration = Duration::from_secs(25);

/// A service that is listening.
pub struct Running {
    /// Where, with the real port.
    pub address: SocketAddr,
    /// The service itself.
    pub service: Arc<Service>,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
    /// The server does not wait for connections that became something else than HTTP.
    connections: TaskTracker,
    workers: JoinSet<()>,
}

impl Running {
    /// Listens and starts the workers.
    pub async fn start(service: Service) -> Result<Self, StartError> {
        let listen = service.config.server.listen;
        let problem = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::AddrInUse => StartError::new(format!(
                "{listen} is in use: stop what listens there, or choose another with --listen"
            )),
            _ => StartError::new(format!("can't listen on {listen}: {e}")),
        };
        let listener = TcpListener::bind(listen).await.map_err(problem)?;
        let address = listener.local_addr().map_err(problem)?;
        let service = Arc::new(service);
        let stop = CancellationToken::new();
        let workers = workers::start(service.clone(), stop.clone()).await.map_err(StartError::new)?;
        let connections = TaskTracker::new();
        let router = http::router(service.clone(), stop.clone(), connections.clone());
        let stopped = stop.clone().cancelled_owned();
        let router = router.into_make_service_with_connect_info::<SocketAddr>();
        let server =
            tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await });
        Ok(Self { address, service, stop, server, connections, workers })
    }

    /// Takes nothing new, finishes what is under way, and returns.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let drained = tokio::time::timeout(DRAIN, async {
            // A crash of the server task is in the log already.
            let _ = (&mut self.server).await;
            self.connections.close();
            self.connections.wait().await;
            while self.workers.join_next().await.is_some() {}
        });
        if drained.await.is_err() {
            tracing::warn!("not everything ended in time; what is left is taken up at the next start");
            self.server.abort();
        }
    }
}
