"""Do ASAP-Net's published claims hold, here, on my data and my machine?"""
