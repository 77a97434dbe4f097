"""Settings of the chapter on cheaper training, and sizes of its runs, fixed before them."""

from depth_not_data.residual.batched import Setting

CENTRED = "relu-centred"
SETTINGS = {
    "unchanged": Setting(),
    "centred ReLU": Setting(activation=CENTRED),
    "bias frozen": Setting(bias=0),
    "gain frozen": Setting(gain=0),
    "neither": Setting(gain=0, bias=0),
    "gain, bias: step / 10": Setting(gain=0.1, bias=0.1),
    "centred, bias frozen": Setting(activation=CENTRED, bias=0),
    "centred, neither": Setting(activation=CENTRED, gain=0, bias=0),
    "centred, step / 10": Setting(activation=CENTRED, gain=0.1, bias=0.1),
    "centred, neither, ReLU teacher": Setting(activation=CENTRED, gain=0, bias=0, teacher="relu"),
    "N = 8": Setting(n_embd=8),
    "N = 12": Setting(n_embd=12),
    "D = 3": Setting(n_block=3),
    "D = 4": Setting(n_block=4),
    "D = 4, centred, neither": Setting(n_block=4, activation=CENTRED, gain=0, bias=0),
}
BELOW, ABOVE = 3, 10  # steps of the grid around 2 / (largest eigenvalue at the start)
