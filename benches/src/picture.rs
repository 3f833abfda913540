//! Draws what grows.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::rows::Engine;

/// Costs of one operation.
pub(crate) struct Chart {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) series: Vec<Series>,
}

pub(crate) struct Series {
    pub(crate) name: &'static str,
    /// How many there are, and what one costs then.
    pub(crate) points: Vec<(usize, f64)>,
}

impl Series {
    /// The cost at the end in terms of that at the beginning.
    pub(crate) fn growth(&self) -> f64 {
        match (self.points.first(), self.points.last()) {
            (Some(first), Some(last)) => last.1 / first.1,
            (_, _) => 1.0,
        }
    }
}

/// Draws all charts into `growth.svg`, so many in a line.
pub(crate) fn draw(charts: &[Chart], columns: usize) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("growth.svg");
    let lines = charts.len().div_ceil(columns);
    let size = (u32::try_from(columns)? * 640, u32::try_from(lines)? * 320);
    let root = SVGBackend::new(&path, size).into_drawing_area();
    root.fill(&WHITE)?;
    for (chart, area) in charts.iter().zip(root.split_evenly((lines, columns))) {
        draw_chart(chart, &area).map_err(|error| anyhow!("{}: {error}", chart.title))?;
    }
    root.present()?;
    Ok(())
}

fn draw_chart(
    chart: &Chart,
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
) -> Result<(), Box<dyn std::error::Error>> {
    let points = || chart.series.iter().flat_map(|series| &series.points);
    let most = points().map(|(count, _)| *count).max().unwrap_or(1);
    let highest = points().map(|(_, cost)| *cost).fold(1.0, f64::max);
    let mut context = ChartBuilder::on(area)
        .caption(chart.title, ("sans-serif", 18))
        .margin(10)
        .margin_right(40)
        .x_label_area_size(30)
        .y_label_area_size(70)
        .build_cartesian_2d((1..most).log_scale(), 0.0..highest * 1.4)?;
    context.configure_mesh().y_desc(chart.unit).y_label_formatter(&whole).light_line_style(WHITE).draw()?;
    for series in &chart.series {
        let colour = colour(series.name);
        let points = || series.points.iter().copied();
        context
            .draw_series(LineSeries::new(points(), colour.stroke_width(2)))?
            .label(format!("{} ({:.2}× from end to end)", series.name, series.growth()))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        context.draw_series(points().map(|point| Circle::new(point, 3, colour.filled())))?;
    }
    context
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .draw()?;
    Ok(())
}

fn whole(cost: &f64) -> String {
    format!("{cost:.0}")
}

fn colour(name: &str) -> RGBColor {
    match name {
        _ if name == Engine::Ours.title() => RGBColor(0, 90, 181),
        _ if name == Engine::Nghttp2.title() => RGBColor(220, 50, 32),
        _ => RGBColor(120, 120, 120),
    }
}
