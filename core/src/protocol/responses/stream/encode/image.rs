//! A picture while it is written: as OpenAI's own tool hands them over.
//! <https://developers.openai.com/api/docs/guides/tools-image-generation>

use super::output::{Output, Step};
use crate::protocol::responses::write::Item;

pub(super) struct Image {
    output_index: usize,
    id: String,
    format: Option<&'static str>,
    /// Base64.
    data: String,
}

impl Image {
    pub(super) fn open(mime: &str, output: &mut Output, out: &mut Vec<u8>) -> Self {
        let format = match mime {
            "image/png" => Some("png"),
            "image/jpeg" => Some("jpeg"),
            "image/webp" => Some("webp"),
            "image/gif" => Some("gif"),
            _ => None,
        };
        let mut image = Self { output_index: 0, id: output.id(None, "ig_"), format, data: String::new() };
        image.output_index = output.add(&image.item("in_progress", None), out);
        output.event(image.step("response.image_generation_call.in_progress"), out);
        image
    }

    pub(super) fn media(&mut self, data: &str) {
        self.data.push_str(data);
    }

    pub(super) fn close(self, output: &mut Output, out: &mut Vec<u8>) {
        output.event(self.step("response.image_generation_call.completed"), out);
        output.done(self.output_index, &self.item("completed", Some(&self.data)), out);
    }

    fn item<'s>(&'s self, status: &'s str, result: Option<&'s str>) -> Item<'s> {
        Item {
            kind: "image_generation_call",
            id: Some(&self.id),
            status: Some(status),
            output_format: self.format,
            result: Some(result),
            ..Item::default()
        }
    }

    fn step(&self, kind: &'static str) -> Step<'_> {
        Step { kind, item_id: Some(&self.id), output_index: Some(self.output_index), ..Step::default() }
    }
}
