// The targets that come with the program, in the order in which they are offered: name and text of each.
&[
    ("glassdome", include_str!("glassdome.toml")),
    ("opentofu-bpg", include_str!("opentofu-bpg.toml")),
    ("opentofu-telmate", include_str!("opentofu-telmate.toml")),
    ("depl0y", include_str!("depl0y.toml")),
    ("proxmox-env", include_str!("proxmox-env.toml")),
]
