//! What makes a compaction block valid for its issuer, in the one place the model has for it.
//!
//! A block may hold a signature, encrypted content and tool changes. A signature alone is kept as it is;
//! anything more as the JSON object of those fields.
//! <https://platform.claude.com/docs/en/build-with-claude/compaction>

use serde_json::Value;

use crate::codec::json;
use crate::ir::{Ext, SealKind, Sealed};

pub(crate) fn of_compaction(fields: Ext) -> Option<Sealed> {
    let fields: Ext = fields.into_iter().filter(|(_, value)| !value.is_null()).collect();
    let data = match fields.get("signature") {
        _ if fields.is_empty() => return None,
        Some(Value::String(signature)) if fields.len() == 1 => signature.clone(),
        _ => Value::Object(fields).to_string(),
    };
    Some(Sealed { kind: SealKind::Signature, data })
}

/// The fields of a compaction that Claude sealed; none for what another vendor did.
pub(crate) fn own(sealed: Option<&Sealed>) -> Ext {
    match sealed {
        Some(sealed) if sealed.kind == SealKind::Signature => to_compaction(&sealed.data),
        _ => Ext::new(),
    }
}

pub(crate) fn to_compaction(data: &str) -> Ext {
    match json::from_str(data) {
        Ok(Value::Object(fields)) => fields,
        _ => Ext::from_iter([("signature".to_owned(), data.into())]),
    }
}
