"""The forecasts as OGC API – Features (OGC 17-069r4, Part 1: Core), which GDAL and QGIS read as layers."""
