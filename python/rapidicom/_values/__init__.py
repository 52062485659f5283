"""Values by their VR (PS3.5 §6.2), and what pydicom's code does with them. It knows no data set."""
