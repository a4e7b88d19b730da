"""Models and operators by hardware and device, out of what runs recorded. Pure: views in, one grid out."""
