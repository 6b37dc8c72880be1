"""How good a forecast is: metrics, backtests, leaderboards, conformal calibration."""
