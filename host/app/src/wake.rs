//! Rings whoever waits for new entries, once they are committed.

use std::collections::HashMap;

use tokio::sync::Notify;

use crate::{
    settings::Processor,
    shops::ShopState,
    workflow::{AGENT, ALERT, MAIL},
};

/// One bell a queue.
pub(crate) struct Wake {
    queues: HashMap<&'static str, Notify>,
}

impl Wake {
    pub(crate) fn new() -> Self {
        let queues = [MAIL, ALERT, AGENT];
        let queues = Processor::ALL.map(Processor::queue).into_iter().chain(queues);
        Self { queues: queues.map(|q| (q, Notify::new())).collect() }
    }

    /// Rings the bells of these queues.
    pub(crate) fn ring(&self, shop: &ShopState, kinds: &[&str]) {
        for kind in kinds {
            match self.queues.get(kind) {
                // Everybody who waits looks; whoever comes later finds a permit and looks too.
                Some(queue) => {
                    queue.notify_waiters();
                    queue.notify_one();
                }
                None => {
                    shop.chat.send_replace(());
                    if shop.settings.chat_webhook.is_some()
                        && let Some(talk) = self.queues.get(AGENT)
                    {
                        talk.notify_one();
                    }
                }
            }
        }
    }

    /// Waits until something may have come into a queue.
    pub(crate) async fn wait(&self, queue: &'static str) {
        match self.queues.get(queue) {
            Some(bell) => bell.notified().await,
            None => std::future::pending().await,
        }
    }
}
