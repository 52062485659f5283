//! The table of Transfer Syntaxes, and who decodes them.

use pyo3::prelude::*;
use rapidicom_core::ByteOrder;
use rapidicom_core::codec;
use rapidicom_core::transfer_syntax::{ALL, Coding};

type Row =
    (&'static str, &'static str, &'static str, bool, Option<&'static str>, Option<&'static str>);

/// `(UID, name, byte order, is_encapsulated, decoder, why not)` of every Transfer Syntax of the
/// standard.
#[pyfunction]
pub(crate) fn transfer_syntaxes() -> Vec<Row> {
    let row = |syntax: &rapidicom_core::transfer_syntax::TransferSyntax| {
        let order = if syntax.order == ByteOrder::Big { "big" } else { "little" };
        let why_not = match syntax.coding {
            Coding::Video => {
                Some("video, whose bytes ds.video_stream() gives and PyAV decodes: pip install av")
            }
            other => codec::why_not(other),
        };
        let decoder = match syntax.coding {
            Coding::Native => Some("none needed"),
            Coding::Uncompressed => Some("none needed"),
            Coding::Deflated => Some("deflate"),
            other => codec::find(other).map(|codec| codec.name()),
        };
        (syntax.uid, syntax.name(), order, syntax.is_encapsulated(), decoder, why_not)
    };
    ALL.iter().filter(|syntax| syntax.is_of_the_standard()).map(row).collect()
}
