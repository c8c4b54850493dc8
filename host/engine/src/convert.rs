//! Between the domain's types and the generated ones: out as they are, in only after a check (see `answers`).

use shopkeeper_domain::roles;

use crate::bindings::{
    common::types, detection::exports::shopkeeper::detection::detection as wit_detection,
    pricing::exports::shopkeeper::pricing::pricing as wit_pricing,
    wording::exports::shopkeeper::wording::wording as wit_wording,
};

impl From<&roles::CustomerNumbers> for types::Customer {
    fn from(customer: &roles::CustomerNumbers) -> Self {
        Self {
            completed_orders: customer.completed_orders,
            revisions: customer.revisions,
            tags: customer.tags.clone(),
            attributes: customer.attributes.clone(),
        }
    }
}

impl From<roles::Moment> for types::Moment {
    fn from(moment: roles::Moment) -> Self {
        Self { unix_milliseconds: moment.unix_milliseconds, utc_offset_minutes: moment.utc_offset_minutes }
    }
}

impl From<&roles::pricing::Picture> for wit_pricing::Picture {
    fn from(picture: &roles::pricing::Picture) -> Self {
        Self {
            complexity: picture.complexity.clone(),
            operations: picture.operations.iter().map(|o| o.as_str().to_owned()).collect(),
            aspect_ratio: picture.aspect_ratio.clone(),
            perspective: picture.perspective.clone(),
            process: picture.process.clone(),
            subject: picture.subject.clone(),
            quality: picture.quality.clone(),
            attributes: picture.attributes.clone(),
        }
    }
}

impl From<&roles::pricing::QuoteRequest> for wit_pricing::QuoteRequest {
    fn from(request: &roles::pricing::QuoteRequest) -> Self {
        Self {
            pictures: request.pictures.iter().map(Into::into).collect(),
            customer: (&request.customer).into(),
            now: request.now.into(),
            attributes: request.attributes.clone(),
        }
    }
}

impl From<&roles::detection::MessageView> for wit_detection::Message {
    fn from(message: &roles::detection::MessageView) -> Self {
        Self {
            text: message.text.clone(),
            images: message.images,
            phase: message.phase.clone(),
            addresses: message.addresses,
            customer: (&message.customer).into(),
            now: message.now.into(),
            attributes: message.attributes.clone(),
        }
    }
}

impl From<&roles::wording::Situation> for wit_wording::Situation {
    fn from(situation: &roles::wording::Situation) -> Self {
        Self {
            key: situation.key.name().to_owned(),
            slots: situation.slots.clone(),
            customer: (&situation.customer).into(),
            now: situation.now.into(),
            bucket: situation.bucket,
            locale: situation.locale.clone(),
        }
    }
}

/// The longest reason of a refusal that is kept, in characters.
const REASON: usize = 500;

impl From<types::Refusal> for roles::Refusal {
    fn from(refusal: types::Refusal) -> Self {
        let clean = |text: String| text.chars().filter(|c| !c.is_control()).take(REASON).collect();
        match refusal {
            types::Refusal::InvalidInput(why) => Self::InvalidInput(clean(why)),
            types::Refusal::Unsupported(what) => Self::Unsupported(clean(what)),
            types::Refusal::NeedsPerson(why) => Self::NeedsPerson(clean(why)),
            types::Refusal::Other(why) => Self::Other(clean(why)),
        }
    }
}
