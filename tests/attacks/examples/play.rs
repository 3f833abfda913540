//! Plays one attack against the engine, to be run under a profiler: `play A1 server 1000`.

use clap::Parser;
use sans_h2::Role;
use sans_h2_attacks::{ATTACKS, Attack, Player};

#[derive(Parser)]
#[command(about)]
struct Arguments {
    /// The row of the catalogue, such as A1; `list` lists them all.
    row: String,
    /// Which end is attacked: server or client.
    #[arg(default_value = "server", value_parser = role)]
    victim: Role,
    /// How many frames, streams or octets are sent.
    #[arg(default_value_t = 1_000)]
    size: usize,
    /// Which variant of the row.
    #[arg(long, default_value_t = 0)]
    variant: usize,
    /// How many octets come at once; whole flights if it is not given.
    #[arg(long)]
    piece: Option<usize>,
}

fn role(name: &str) -> Result<Role, String> {
    match name {
        "server" => Ok(Role::Server),
        "client" => Ok(Role::Client),
        other => Err(format!("{other} is neither server nor client")),
    }
}

fn main() -> Result<(), String> {
    let arguments = Arguments::parse();
    if arguments.row == "list" {
        ATTACKS.iter().for_each(list);
        return Ok(());
    }
    let attack = Attack::of(&arguments.row).ok_or("there is no such row")?;
    if !attack.victims.contains(&arguments.victim) || arguments.variant >= attack.variants() {
        return Err("the row has no such variant".into());
    }
    let scene = attack.scene(arguments.victim, arguments.variant, arguments.size);
    let mut player = Player::new(arguments.victim, scene.caller);
    for octets in scene.flights {
        player.receive_in_pieces(&octets, arguments.piece.unwrap_or(octets.len()).max(1));
    }
    let report = player.finish();
    println!("{} {} {} {}", report.frames, report.input, report.output, u8::from(report.error.is_some()));
    Ok(())
}

/// Row, measure, floods, roles, what it is.
fn list(attack: &Attack) {
    let victims: Vec<&str> = attack
        .victims
        .iter()
        .map(|victim| match victim {
            Role::Server => "server",
            Role::Client => "client",
        })
        .collect();
    println!(
        "{}\t{:?}\t{}\t{}\t{}",
        attack.row,
        attack.cost,
        attack.floods,
        victims.join(","),
        attack.exhausts
    );
}
