"""GRU and LSTM: what the page measures and draws."""
