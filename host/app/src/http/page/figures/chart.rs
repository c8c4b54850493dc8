//! Charts as SVG, drawn on the server. Their colours stand for those of the style sheet, which puts its own in their place,
//! so that a chart is light or dark as the page is.

use std::fmt;

use askama::filters::HtmlSafe;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

/// Large enough to be read where the picture is as narrow as a phone.
const SIZE: (u32, u32) = (640, 300);
const TEXT: i32 = 26;
/// How many labels have room below.
const LABELS: usize = 8;
// In `owner.css` these are --accent, --quiet and --line.
const BAR: RGBColor = RGBColor(0xA1, 0x3D, 0x26);
const INK: RGBColor = RGBColor(0x63, 0x5A, 0x50);
const LINE: RGBColor = RGBColor(0xE2, 0xDB, 0xD1);

/// A drawing: marked up by the plotting crate, which escapes every text in it.
pub(in crate::http::page) struct Drawing(String);

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Drawing {}

/// Bars beside each other, each with its label below.
pub(in crate::http::page) fn bars(bars: &[(String, f64)]) -> Drawing {
    let mut text = String::new();
    // Into a string: there is nothing that can fail, and a page without its picture still has the table.
    if let Err(error) = draw(bars, &mut text) {
        tracing::error!(%error, "a chart was not drawn");
        text.clear();
    }
    Drawing(text)
}

fn draw(bars: &[(String, f64)], text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let highest = bars.iter().map(|(_, value)| *value).fold(1.0, f64::max);
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .margin_right(20)
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d(0.0..bars.len().max(1) as f64, 0.0..highest * 1.08)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(0)
        .y_labels(5)
        .light_line_style(TRANSPARENT)
        .bold_line_style(LINE)
        .axis_style(LINE)
        .y_label_style(("sans-serif", TEXT).into_font().color(&INK))
        .y_label_formatter(&|value| {
            if *value < 10.0 && value.fract() != 0.0 { format!("{value:.1}") } else { format!("{value:.0}") }
        })
        .draw()?;
    let bar = |(n, (_, value)): (usize, &(String, f64))| {
        let n = n as f64;
        Rectangle::new([(n + 0.12, 0.0), (n + 0.88, *value)], BAR.filled())
    };
    chart.draw_series(bars.iter().enumerate().map(bar))?;
    let style = ("sans-serif", TEXT).into_font().color(&INK).pos(Pos::new(HPos::Center, VPos::Top));
    let label = |(n, (label, _)): (usize, &(String, f64))| {
        EmptyElement::at((n as f64 + 0.5, 0.0)) + Text::new(label.clone(), (0, 10), style.clone())
    };
    let every = bars.len().div_ceil(LABELS).max(1);
    chart.draw_series(bars.iter().enumerate().step_by(every).map(label))?;
    drop(chart);
    area.present()?;
    drop(area);
    Ok(())
}
