"""The features of the recipe and of the forecasters: lags, seasons, neighbours and near repeats."""
