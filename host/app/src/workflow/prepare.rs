//! What is read before a decision: addresses by the host, intent, operations and price by the plugins.

use chrono::{DateTime, Utc};
use shopkeeper_domain::{
    AccountId, Case, Command, CustomerKey, ImageId, Message, MessageId, NewTask, Operation, Specification,
    TaskId, find_addresses,
    roles::{
        detection::{Intent, MessageView, Reading},
        pricing::{Picture, QuoteRequest},
    },
};

use super::{Read, Request, Turn, Workflow, express::moment};
use crate::{plugins::Journal, shops::ShopState};

/// A picture that was analysed.
#[derive(Debug, Clone)]
pub(crate) struct AnalysisRequest {
    pub(crate) customer_name: Option<String>,
    pub(crate) account: Option<AccountId>,
    pub(crate) image: ImageId,
    pub(crate) specification: Specification,
    /// The customer's own words, where they came along.
    pub(crate) request: String,
}

/// A message as the connector passed it on.
#[derive(Debug, Clone)]
pub(crate) struct MessageRequest {
    pub(crate) id: MessageId,
    pub(crate) account: Option<AccountId>,
    pub(crate) text: String,
    pub(crate) images: Vec<ImageId>,
    pub(crate) about: Option<TaskId>,
}

impl Workflow {
    pub(super) async fn prepare(
        &self,
        turn: &Turn,
        case: &Case,
        request: &Request,
        now: DateTime<Utc>,
        journal: &mut Journal,
    ) -> (Command, Read) {
        match request {
            Request::Command(command) | Request::Pay(command, _) => (command.clone(), Read::default()),
            Request::Analysis(analysis) => self.prepare_analysis(turn, case, analysis, now, journal).await,
            Request::Message(message) => self.prepare_message(turn, case, message, now, journal).await,
        }
    }

    /// What the customer's words ask for; `enhance` where they ask for nothing.
    pub(crate) async fn operations_of(
        &self,
        shop: &ShopState,
        customer: Option<&CustomerKey>,
        text: &str,
    ) -> Vec<Operation> {
        let mut journal = Journal::default();
        let operations = self.operations(shop, customer, text, &mut journal).await;
        self.plugins.conclude(shop, customer.cloned(), journal).await;
        operations
    }

    async fn operations(
        &self,
        shop: &ShopState,
        customer: Option<&CustomerKey>,
        text: &str,
        journal: &mut Journal,
    ) -> Vec<Operation> {
        if text.is_empty() {
            return vec![Operation::enhance()];
        }
        let found = self.plugins.find_operations(shop, customer, text, journal).await;
        let mut operations = Vec::new();
        for operation in found.answer.unwrap_or_default() {
            if !operations.contains(&operation.name) {
                operations.push(operation.name);
            }
        }
        if operations.is_empty() { vec![Operation::enhance()] } else { operations }
    }

    async fn prepare_analysis(
        &self,
        turn: &Turn,
        case: &Case,
        analysis: &AnalysisRequest,
        now: DateTime<Utc>,
        journal: &mut Journal,
    ) -> (Command, Read) {
        let key = &case.customer.key;
        let operations = self.operations(&turn.shop, Some(key), &analysis.request, journal).await;
        let request = QuoteRequest {
            pictures: vec![picture(&analysis.specification, operations.clone())],
            customer: case.customer.numbers(),
            now: moment(&turn.shop, now),
            attributes: Vec::new(),
        };
        let priced = self.plugins.price(&turn.shop, Some(key), &request, journal).await;
        let (quote, refusal) = match priced.answer {
            Ok(quote) => (Some(quote), None),
            Err(refusal) => (None, Some(refusal)),
        };
        let command = Command::Create(Box::new(NewTask {
            customer_name: analysis.customer_name.clone(),
            account: analysis.account.clone(),
            image: analysis.image.clone(),
            operations,
            specification: analysis.specification.clone(),
            request: analysis.request.clone(),
            quote,
            offer: true,
        }));
        (command, Read { quoted_by: Some(priced.by), refusal, ..Read::default() })
    }

    async fn prepare_message(
        &self,
        turn: &Turn,
        case: &Case,
        message: &MessageRequest,
        now: DateTime<Utc>,
        journal: &mut Journal,
    ) -> (Command, Read) {
        let addresses = find_addresses(&message.text);
        let view = MessageView {
            text: message.text.clone(),
            images: u32::try_from(message.images.len()).unwrap_or(u32::MAX),
            phase: case.phase(message.about).to_owned(),
            addresses: u32::try_from(addresses.len()).unwrap_or(u32::MAX),
            customer: case.customer.numbers(),
            now: moment(&turn.shop, now),
            attributes: Vec::new(),
        };
        let read = self.plugins.read_intent(&turn.shop, &case.customer.key, &view, journal).await;
        // A refusal reads nothing: the message is left to somebody else, and nothing is guessed.
        let reading = read.answer.unwrap_or_else(|_| Reading {
            intent: Intent::Other("unread".to_owned()),
            confidence: 0,
            evidence: Vec::new(),
            attributes: Vec::new(),
        });
        let command = Command::Say(Box::new(Message {
            text: message.text.clone(),
            images: message.images.clone(),
            account: message.account.clone(),
            about: message.about,
            intent: reading.intent.clone(),
            addresses: addresses.clone(),
        }));
        (command, Read { reading: Some(reading), addresses, ..Read::default() })
    }
}

/// A picture as the pricing role sees it.
pub(crate) fn picture(specification: &Specification, operations: Vec<Operation>) -> Picture {
    Picture {
        complexity: specification.complexity.clone().unwrap_or_default(),
        operations,
        aspect_ratio: specification.aspect_ratio.clone(),
        perspective: specification.perspective.clone(),
        process: specification.process.clone(),
        subject: specification.subject.clone(),
        quality: specification.quality.clone(),
        attributes: Vec::new(),
    }
}
